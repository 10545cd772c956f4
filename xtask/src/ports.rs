//! Ports on loopback that servers can be told to listen on.

use std::net::{Ipv4Addr, TcpListener};

use crate::process::{Error, Result};

/// Below those that the system gives to connections: what a stopped server listened on is still free
/// when it starts again.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// So many ports, none of them in use.
pub(crate) fn free(count: usize) -> Result<Vec<u16>> {
    // All are held until the last is found.
    let mut held = Vec::new();
    for _ in 0..10 * count + 100 {
        if held.len() == count {
            break;
        }
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, fastrand::u16(RANGE))));
    }
    let ports = held.iter().filter_map(|listener| listener.local_addr().ok());
    let ports: Vec<_> = ports.map(|address| address.port()).collect();
    if ports.len() < count {
        return Err(Error::new(format!("of the ports {RANGE:?} there are not {count} free")));
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_can_be_listened_on() {
        let mut ports = free(30).expect("there are many");
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 30);
        // Another process may have taken one since.
        let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
        assert!(ports.iter().any(is_free));
    }
}
