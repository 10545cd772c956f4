//! What stands before a NameNode and counts how often a client asks it to complete a file.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a call of `complete` begins: its name is the first field of a header.
const COMPLETE: &[u8] = b"\x0a\x08complete\x12";

/// Passes everything on, until the process ends.
pub(crate) struct Relay {
    port: u16,
    completes: Arc<AtomicUsize>,
}

impl Relay {
    /// Stands before the NameNode at this address.
    pub(crate) fn before(namenode: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let completes = Arc::new(AtomicUsize::new(0));
        let (namenode, counter) = (namenode.to_owned(), Arc::clone(&completes));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("accepted");
                let server = TcpStream::connect(&namenode).expect("the NameNode listens");
                pass_on(&server, &client, None);
                pass_on(&client, &server, Some(Arc::clone(&counter)));
            }
        });
        Self { port, completes }
    }

    /// The URI of the file system behind it.
    pub(crate) fn file_system(&self) -> String {
        format!("hdfs://127.0.0.1:{}", self.port)
    }

    /// How often a file was to be completed since this was asked last.
    pub(crate) fn take_completes(&self) -> usize {
        self.completes.swap(0, Ordering::Relaxed)
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream, completes: Option<Arc<AtomicUsize>>) {
    let mut from = from.try_clone().expect("a second handle");
    let mut to = to.try_clone().expect("a second handle");
    to.set_nodelay(true).expect("set");
    std::thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        let mut seen = Vec::new();
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            if let Some(completes) = &completes {
                seen.extend_from_slice(&buffer[..len]);
                let count = seen.windows(COMPLETE.len()).filter(|part| *part == COMPLETE).count();
                completes.fetch_add(count, Ordering::Relaxed);
                // The next bytes may end what these begin.
                seen.drain(..seen.len().saturating_sub(COMPLETE.len() - 1));
            }
            if to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
