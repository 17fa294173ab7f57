//! What a majority is.

/// True if `count` of `servers` is more than half: any two such sets share a server.
pub fn is_majority(count: usize, servers: usize) -> bool {
    count * 2 > servers
}

#[cfg(test)]
mod tests {
    use super::is_majority;

    #[test]
    fn a_majority_is_what_meets_every_other_of_its_size() {
        for servers in 1..=6 {
            for count in 0..=servers as u32 {
                let sets = || (0_u32..1 << servers).filter(|set| set.count_ones() == count);
                let meet = sets().all(|one| sets().all(|other| one & other != 0));
                assert_eq!(is_majority(count as usize, servers), meet, "{count} of {servers}");
            }
        }
    }
}
