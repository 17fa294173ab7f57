//! A TCP socket that clients connect to.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Socket, Type};

/// How many connections wait until they are taken up. The standard library's 128 are not enough
/// when all clients of a node that went come to the next one: whoever finds no room tries again
/// after a second.
const WAITING: i32 = 4096;

/// Listens on `address`. Nothing that is done with the listener waits.
pub(crate) fn on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A node that starts again takes its port back, although connections of before linger on it.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_crowd_waits_that_nobody_takes_up_yet() {
        let listener = on("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_secs(10));
        let crowd: Result<Vec<_>, _> = (0..500).map(|_| connect()).collect();
        assert_eq!(crowd.unwrap().len(), 500);
    }
}
