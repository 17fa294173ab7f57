//! Where the system puts datagrams, many at once.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};

/// How many bytes there are for what comes from one address at once: for the largest datagram, and
/// for all that the system puts together.
const ROOM: usize = 64 << 10;

/// Datagrams that were taken from the socket. There is no room in the default one.
#[derive(Default)]
pub(super) struct Intake {
    rooms: Vec<u8>,
    /// What is in each room that is used.
    metas: Vec<RecvMeta>,
    /// How many rooms are used.
    used: usize,
}

impl Intake {
    /// An empty one.
    pub(super) fn new() -> Self {
        let (rooms, metas) = (vec![0; BATCH_SIZE * ROOM], vec![RecvMeta::default(); BATCH_SIZE]);
        Intake { rooms, metas, used: 0 }
    }

    /// Takes what `socket` holds, in place of what was here, as much as there is room for.
    ///
    /// # Errors
    /// What the system says, for instance that there is nothing. There is nothing here then.
    pub(super) fn take(&mut self, socket: &UdpSocket, state: &UdpSocketState) -> io::Result<()> {
        self.used = 0;
        let mut rooms: Vec<_> = self.rooms.chunks_exact_mut(ROOM).map(IoSliceMut::new).collect();
        self.used = state.recv(socket.into(), &mut rooms, &mut self.metas)?;
        Ok(())
    }

    /// Whether all rooms are used: there may be more to take.
    pub(super) fn is_full(&self) -> bool {
        self.used == self.metas.len()
    }

    /// The datagrams, and where each is from.
    pub(super) fn datagrams(&self) -> impl Iterator<Item = (&[u8], SocketAddr)> {
        let rooms = self.rooms.chunks_exact(ROOM).zip(&self.metas[..self.used]);
        rooms.flat_map(|(room, meta)| {
            // An empty datagram has no bytes to be cut into pieces, and is one nevertheless.
            let empty = (meta.len == 0).then_some(&[][..]);
            let pieces = room[..meta.len].chunks(meta.stride.max(1));
            empty.into_iter().chain(pieces).map(|datagram| (datagram, meta.addr))
        })
    }
}
