//! What stands before a NameNode, counts its calls, and can lose an answer.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Passes everything on, until the process ends.
pub struct NameNodeRelay {
    port: u16,
    calls: Arc<Mutex<Calls>>,
}

#[derive(Default)]
struct Calls {
    /// How often each method was called.
    counts: BTreeMap<&'static str, usize>,
    /// The method whose next answer is lost.
    lost: Option<&'static str>,
}

fn lock(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The methods that are looked for.
const METHODS: [&str; 5] = ["create", "addBlock", "complete", "rename2", "delete"];

impl NameNodeRelay {
    /// Stands before the NameNode at this address, `HOST:PORT`.
    pub fn before(namenode: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let calls = Arc::new(Mutex::default());
        let (namenode, shared) = (namenode.to_owned(), Arc::clone(&calls));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("accepted");
                let server = TcpStream::connect(&namenode).expect("the NameNode listens");
                relay(&client, &server, &shared);
            }
        });
        Self { port, calls }
    }

    /// The URI of the file system behind it.
    pub fn file_system(&self) -> String {
        format!("hdfs://127.0.0.1:{}", self.port)
    }

    /// How often a method was called since this was asked last.
    pub fn take_count(&self, method: &str) -> usize {
        lock(&self.calls).counts.get_mut(method).map(std::mem::take).unwrap_or_default()
    }

    /// Lets the next call of a method reach the NameNode, and its answer nobody: the connection breaks
    /// instead.
    pub fn lose_answer_to(&self, method: &'static str) {
        lock(&self.calls).lost = Some(method);
    }

    /// Whether an answer is still to be lost.
    pub fn is_about_to_lose(&self) -> bool {
        lock(&self.calls).lost.is_some()
    }
}

fn relay(client: &TcpStream, server: &TcpStream, calls: &Arc<Mutex<Calls>>) {
    let is_lost = Arc::new(AtomicBool::new(false));
    let (calls, lose) = (Arc::clone(calls), Arc::clone(&is_lost));
    let mut seen = Vec::new();
    pass_on(client, server, move |bytes| {
        seen.extend_from_slice(bytes);
        let mut calls = lock(&calls);
        for method in METHODS {
            let count = occurrences(&seen, &header(method), bytes.len());
            *calls.counts.entry(method).or_default() += count;
            if count > 0 && calls.lost == Some(method) {
                calls.lost = None;
                lose.store(true, Ordering::SeqCst);
            }
        }
        // The next bytes may end what these begin.
        let longest = METHODS.map(|method| header(method).len()).into_iter().max().unwrap_or(1);
        seen.drain(..seen.len().saturating_sub(longest - 1));
        true
    });
    pass_on(server, client, move |_| !is_lost.load(Ordering::SeqCst));
}

/// How a call begins: the method's name is the first field of a header.
fn header(method: &str) -> Vec<u8> {
    [&[0x0a, method.len() as u8], method.as_bytes(), &[0x12]].concat()
}

/// How often `part` occurs in `bytes` and ends in the last `fresh` of them.
fn occurrences(bytes: &[u8], part: &[u8], fresh: usize) -> usize {
    let old = bytes.len() - fresh;
    let ends = |(at, window): &(usize, &[u8])| *window == part && at + part.len() > old;
    bytes.windows(part.len()).enumerate().filter(ends).count()
}

/// Passes on what comes, as long as `may_pass`; then both sides are cut off.
fn pass_on(
    from: &TcpStream,
    to: &TcpStream,
    mut may_pass: impl FnMut(&[u8]) -> bool + Send + 'static,
) {
    let mut from = from.try_clone().expect("a second handle");
    let mut to = to.try_clone().expect("a second handle");
    to.set_nodelay(true).expect("set");
    std::thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        while let Ok(len @ 1..) = from.read(&mut buffer) {
            if !may_pass(&buffer[..len]) {
                // Whoever is gone already need not be told.
                let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
                return;
            }
            if to.write_all(&buffer[..len]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
