//! What a majority is.

/// True if `count` of `servers` is more than half: any two such sets share a server.
pub fn is_majority(count: usize, servers: usize) -> bool {
    count * 2 > servers
}

#[cfg(test)]
mod tests {
    use super::is_majority;

    #[test]
    fn two_majorities_always_meet() {
        for servers in 1..=9 {
            for count in 0..=servers {
                assert_eq!(is_majority(count, servers), 2 * count > servers, "{count}/{servers}");
                assert!(!(is_majority(count, servers) && is_majority(servers - count, servers)));
            }
        }
    }
}
