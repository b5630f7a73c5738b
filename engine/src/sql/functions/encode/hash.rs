//! The hash functions MD5 (RFC 1321) and SHA-2 (FIPS 180-4). The constants of SHA-2 are the first bits of roots of
//! primes; they are computed, which takes less room than a table.

/// The message with a 1 bit, zeros, and its length in bits, to full blocks.
fn padded(message: &[u8], block: usize, big_endian: bool) -> Vec<u8> {
    let mut bytes = message.to_vec();
    bytes.push(0x80);
    let length = block / 8;
    while bytes.len() % block != block - length {
        bytes.push(0);
    }
    let bits = (message.len() as u64) * 8;
    bytes.resize(bytes.len() + length - 8, 0);
    bytes.extend_from_slice(&if big_endian { bits.to_be_bytes() } else { bits.to_le_bytes() });
    bytes
}

/// MD5
pub fn md5(message: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state = [0x6745_2301u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded(message, 64, false).chunks(64) {
        let word = |n: usize| u32::from_le_bytes([block[4 * n], block[4 * n + 1], block[4 * n + 2], block[4 * n + 3]]);
        let [mut a, mut b, mut c, mut d] = state;
        for n in 0..64 {
            let (mixed, at) = match n / 16 {
                0 => (b & c | !b & d, n),
                1 => (d & b | !d & c, (5 * n + 1) % 16),
                2 => (b ^ c ^ d, (3 * n + 5) % 16),
                _ => (c ^ (b | !d), 7 * n % 16),
            };
            let constant = (libm::fabs(libm::sin((n + 1) as f64)) * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(constant).wrapping_add(word(at));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[n / 16][n % 4]));
        }
        for (own, new) in state.iter_mut().zip([a, b, c, d]) {
            *own = own.wrapping_add(new);
        }
    }
    let mut out = [0; 16];
    out.chunks_mut(4).zip(state).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_le_bytes()));
    out
}

/// The first primes.
fn primes(count: usize) -> Vec<u64> {
    (2u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0)).take(count).collect()
}

/// The first 64 bits behind the point of the square root or the cube root of a prime: by halving.
fn root_bits(prime: u64, cube: bool) -> u64 {
    // The greatest x with x^k <= prime * 2^(64 k), compared in pieces of 64 bits.
    let (mut low, mut high) = (0u128, 1u128 << 70);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if power_is_at_most(middle, prime, cube) { low = middle } else { high = middle }
    }
    low as u64
}

/// Whether x^2 <= p * 2^128, or x^3 <= p * 2^192, for x below 2^71.
fn power_is_at_most(x: u128, prime: u64, cube: bool) -> bool {
    // Digits of 32 bits, the least first.
    let digits = |x: u128| [x as u32, (x >> 32) as u32, (x >> 64) as u32];
    let times = |a: &[u32], b: &[u32; 3]| {
        let mut out = vec![0u32; a.len() + 3];
        for (i, x) in a.iter().enumerate() {
            let mut carry = 0u64;
            for (j, y) in b.iter().enumerate() {
                let sum = u64::from(out[i + j]) + u64::from(*x) * u64::from(*y) + carry;
                out[i + j] = sum as u32;
                carry = sum >> 32;
            }
            out[i + 3] = carry as u32;
        }
        out
    };
    let mut power = times(&digits(x), &digits(x));
    if cube {
        power = times(&power, &digits(x));
    }
    let whole = power[if cube { 6 } else { 4 }..].iter().rev().fold(0u64, |sum, digit| sum << 32 | u64::from(*digit));
    whole < prime
}

/// SHA-256, or SHA-224 before it is cut.
pub fn sha256(message: &[u8], sha224: bool) -> [u8; 32] {
    let constants: Vec<u32> = primes(64).into_iter().map(|prime| (root_bits(prime, true) >> 32) as u32).collect();
    let mut state: Vec<u32> = match sha224 {
        // The second halves of the words that SHA-384 begins with.
        true => primes(16)[8..].iter().map(|prime| root_bits(*prime, false) as u32).collect(),
        false => primes(8).iter().map(|prime| (root_bits(*prime, false) >> 32) as u32).collect(),
    };
    for block in padded(message, 64, true).chunks(64) {
        let mut words: Vec<u32> = block.chunks(4).map(|w| u32::from_be_bytes([w[0], w[1], w[2], w[3]])).collect();
        for n in 16..64 {
            let (a, b) = (words[n - 15], words[n - 2]);
            let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ a >> 3;
            let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ b >> 10;
            words.push(words[n - 16].wrapping_add(s0).wrapping_add(words[n - 7]).wrapping_add(s1));
        }
        let mut v = state.clone();
        for (word, constant) in words.iter().zip(&constants) {
            let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let chosen = v[4] & v[5] ^ !v[4] & v[6];
            let first = v[7].wrapping_add(s1).wrapping_add(chosen).wrapping_add(*constant).wrapping_add(*word);
            let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let second = s0.wrapping_add(v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(first);
            v[0] = first.wrapping_add(second);
        }
        state.iter_mut().zip(v).for_each(|(own, new)| *own = own.wrapping_add(new));
    }
    let mut out = [0; 32];
    out.chunks_mut(4).zip(state).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_be_bytes()));
    out
}

/// SHA-512, or SHA-384 before it is cut.
pub fn sha512(message: &[u8], sha384: bool) -> [u8; 64] {
    let constants: Vec<u64> = primes(80).into_iter().map(|prime| root_bits(prime, true)).collect();
    let first = if sha384 { 8 } else { 0 };
    let mut state: Vec<u64> = primes(16)[first..first + 8].iter().map(|prime| root_bits(*prime, false)).collect();
    for block in padded(message, 128, true).chunks(128) {
        let word = |w: &[u8]| w.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        let mut words: Vec<u64> = block.chunks(8).map(word).collect();
        for n in 16..80 {
            let (a, b) = (words[n - 15], words[n - 2]);
            let s0 = a.rotate_right(1) ^ a.rotate_right(8) ^ a >> 7;
            let s1 = b.rotate_right(19) ^ b.rotate_right(61) ^ b >> 6;
            words.push(words[n - 16].wrapping_add(s0).wrapping_add(words[n - 7]).wrapping_add(s1));
        }
        let mut v = state.clone();
        for (word, constant) in words.iter().zip(&constants) {
            let s1 = v[4].rotate_right(14) ^ v[4].rotate_right(18) ^ v[4].rotate_right(41);
            let chosen = v[4] & v[5] ^ !v[4] & v[6];
            let first = v[7].wrapping_add(s1).wrapping_add(chosen).wrapping_add(*constant).wrapping_add(*word);
            let s0 = v[0].rotate_right(28) ^ v[0].rotate_right(34) ^ v[0].rotate_right(39);
            let second = s0.wrapping_add(v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(first);
            v[0] = first.wrapping_add(second);
        }
        state.iter_mut().zip(v).for_each(|(own, new)| *own = own.wrapping_add(new));
    }
    let mut out = [0; 64];
    out.chunks_mut(8).zip(state).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_be_bytes()));
    out
}
