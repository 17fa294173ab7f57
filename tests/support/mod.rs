//! What several test programs need.

#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]
#![allow(unused_macros, reason = "each test program uses a part of it")]

pub mod arbitrary;
pub mod browser;
pub mod cluster;
pub mod history;
pub mod http;
pub mod records;
pub mod specs;
pub mod tls;

use std::net::{SocketAddr, TcpListener, UdpSocket};

/// Addresses on the loopback interface that are free, for UDP and TCP alike, as far as one can
/// know.
pub fn free_addresses(count: usize) -> Vec<SocketAddr> {
    let mut held = Vec::new();
    while held.len() < count {
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a free UDP port");
        let address = udp.local_addr().expect("its address");
        if let Ok(tcp) = TcpListener::bind(address) {
            held.push((udp, tcp, address));
        }
    }
    held.into_iter().map(|(_, _, address)| address).collect()
}

/// Does what it holds when it is dropped, so also when a test panics.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
