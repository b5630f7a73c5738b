//! Little-endian numbers in byte slices. The bytes at rest are those of an x86-64 server.
//!
//! All functions take an offset that the caller knows to be inside the slice: a field of a structure whose size was
//! checked before. Offsets that come from the disk are checked where they are read.

macro_rules! numbers {
    ($($get:ident $put:ident $type:ident)*) => { $(
        #[doc = concat!("The `", stringify!($type), "` at byte `at`.")]
        #[inline]
        pub fn $get(bytes: &[u8], at: usize) -> $type {
            let mut raw = [0; size_of::<$type>()];
            raw.copy_from_slice(&bytes[at..at + size_of::<$type>()]);
            $type::from_le_bytes(raw)
        }

        #[doc = concat!("Writes a `", stringify!($type), "` at byte `at`.")]
        #[inline]
        pub fn $put(bytes: &mut [u8], at: usize, value: $type) {
            bytes[at..at + size_of::<$type>()].copy_from_slice(&value.to_le_bytes());
        }
    )* };
}

numbers! {
    get_u16 put_u16 u16
    get_u32 put_u32 u32
    get_u64 put_u64 u64
    get_i16 put_i16 i16
    get_i32 put_i32 i32
    get_i64 put_i64 i64
    get_f32 put_f32 f32
    get_f64 put_f64 f64
}
