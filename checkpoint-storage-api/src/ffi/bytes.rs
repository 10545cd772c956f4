//! Reference-counted bytes that cross without a copy.

use abi_stable::StableAbi;

/// A `bytes::Bytes` of the other side: its memory, and how to give it back to its owner.
#[repr(C)]
#[derive(StableAbi)]
pub struct FfiBytes {
    ptr: *const u8,
    len: usize,
    owner: *mut (),
    release: unsafe extern "C" fn(*mut ()),
}

// SAFETY: the owner is a `bytes::Bytes`, which may be used and dropped on any thread, and the bytes
// behind `ptr` never change while it lives.
unsafe impl Send for FfiBytes {}
// SAFETY: as above; shared access only reads.
unsafe impl Sync for FfiBytes {}

impl Drop for FfiBytes {
    fn drop(&mut self) {
        // SAFETY: `owner` came from the side that also gave `release`, and is released once.
        unsafe { (self.release)(self.owner) }
    }
}

impl AsRef<[u8]> for FfiBytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the owner keeps `len` initialized bytes at `ptr` alive until it is released.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
}

/// Gives a boxed `Bytes` back.
///
/// # Safety
///
/// `owner` is the pointer of a `Box<bytes::Bytes>` made by this library, given back once.
unsafe extern "C" fn release_bytes(owner: *mut ()) {
    // SAFETY: as the caller promises.
    drop(unsafe { Box::from_raw(owner.cast::<bytes::Bytes>()) });
}

impl From<bytes::Bytes> for FfiBytes {
    fn from(bytes: bytes::Bytes) -> Self {
        let owner = Box::new(bytes);
        Self {
            ptr: owner.as_ptr(),
            len: owner.len(),
            owner: Box::into_raw(owner).cast(),
            release: release_bytes,
        }
    }
}

impl From<FfiBytes> for bytes::Bytes {
    fn from(bytes: FfiBytes) -> Self {
        Self::from_owner(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_cross_without_a_copy_and_are_given_back() {
        let original = bytes::Bytes::from(vec![7_u8; 4096]);
        let crossed = bytes::Bytes::from(FfiBytes::from(original.clone()));
        assert_eq!(crossed.as_ptr(), original.as_ptr());
        assert_eq!(crossed, original);
        assert!(!original.is_unique());
        drop(crossed.slice(1..9));
        drop(crossed);
        assert!(original.is_unique());
    }

    #[test]
    fn empty_bytes_cross() {
        assert!(bytes::Bytes::from(FfiBytes::from(bytes::Bytes::new())).is_empty());
    }
}
