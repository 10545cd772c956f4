//! The checksums that the Java engine's `hdfs` plugin keeps beside a file on a local disk.
//!
//! `crc\0`, the length of a chunk (int, big-endian), then one CRC-32 (zlib's, big-endian) for each
//! chunk of the file.

use crc_fast::{CrcAlgorithm, Digest, checksum};

const MAGIC: [u8; 4] = *b"crc\0";
const ALGORITHM: CrcAlgorithm = CrcAlgorithm::Crc32IsoHdlc;
/// Length of magic and chunk length.
pub(crate) const HEADER_LEN: u64 = 8;
const SUM_LEN: u64 = 4;

/// The checksums of a file, checked piece by piece as the file is read.
#[derive(Clone)]
pub(crate) struct Verifier {
    chunk_len: u64,
    file_len: u64,
    /// Up to where the file was read.
    position: u64,
    /// Of the chunk that `position` lies in.
    partial: Digest,
}

impl Verifier {
    /// Begins to check a file of `file_len` bytes against a sidecar of `sidecar_len` bytes that
    /// begins with `header`.
    pub(crate) fn new(header: &[u8], sidecar_len: u64, file_len: u64) -> Result<Self, String> {
        let Some((magic, chunk_len)) = header.split_first_chunk::<4>() else {
            return Err(format!("its sidecar of checksums has only {} bytes", header.len()));
        };
        if *magic != MAGIC {
            return Err("its sidecar of checksums does not begin with \"crc\"".to_owned());
        }
        let chunk_len = chunk_len
            .first_chunk::<4>()
            .map(|bytes| i32::from_be_bytes(*bytes))
            .and_then(|len| u64::try_from(len).ok())
            .filter(|len| *len > 0)
            .ok_or("its sidecar of checksums gives no valid length of a chunk")?;
        let chunks = file_len.div_ceil(chunk_len);
        if sidecar_len != HEADER_LEN + SUM_LEN * chunks {
            return Err(format!(
                "its sidecar of checksums has {sidecar_len} bytes, not the {} for {chunks} chunks \
                 of {chunk_len} bytes",
                HEADER_LEN + SUM_LEN * chunks
            ));
        }
        Ok(Self { chunk_len, file_len, position: 0, partial: Digest::new(ALGORITHM) })
    }

    /// Where in the sidecar the checksums lie that the next `len` bytes of the file complete, and
    /// how many bytes they take.
    pub(crate) fn sums_for(&self, len: u64) -> (u64, u64) {
        let first = self.position / self.chunk_len;
        let end = self.position.saturating_add(len).min(self.file_len);
        let last =
            if end == self.file_len { end.div_ceil(self.chunk_len) } else { end / self.chunk_len };
        (HEADER_LEN + SUM_LEN * first, SUM_LEN * (last - first))
    }

    /// Checks the next bytes of the file against the checksums that they complete.
    pub(crate) fn update(&mut self, mut bytes: &[u8], sums: &[u8]) -> Result<(), String> {
        let (sums, _) = sums.as_chunks::<4>();
        let mut sums = sums.iter().map(|sum| u32::from_be_bytes(*sum));
        while !bytes.is_empty() {
            let within = self.position % self.chunk_len;
            let chunk_end = (self.position - within + self.chunk_len).min(self.file_len);
            let wanted = usize::try_from(chunk_end - self.position).unwrap_or(usize::MAX).max(1);
            let (piece, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            let complete = piece.len() == wanted;
            let sum = if within == 0 && complete {
                checksum(ALGORITHM, piece) as u32
            } else {
                self.partial.update(piece);
                self.partial.finalize() as u32
            };
            self.position += piece.len() as u64;
            if complete {
                self.partial = Digest::new(ALGORITHM);
                if sums.next() != Some(sum) {
                    let start = (chunk_end - 1) / self.chunk_len * self.chunk_len;
                    return Err(format!(
                        "bytes {start} to {} do not fit the checksum in its sidecar",
                        chunk_end - 1
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Checks a whole file against a whole sidecar.
pub(crate) fn verify(file: &[u8], sidecar: &[u8]) -> Result<(), String> {
    let mut verifier = Verifier::new(sidecar, sidecar.len() as u64, file.len() as u64)?;
    verifier.update(file, sidecar.get(HEADER_LEN as usize..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sidecar_of(file: &[u8], chunk_len: u32) -> Vec<u8> {
        let mut sidecar = MAGIC.to_vec();
        sidecar.extend(chunk_len.to_be_bytes());
        for chunk in file.chunks(chunk_len as usize) {
            sidecar.extend((checksum(ALGORITHM, chunk) as u32).to_be_bytes());
        }
        sidecar
    }

    fn bytes(len: usize) -> Vec<u8> {
        (0..len).map(|at| (at * 31 % 251) as u8).collect()
    }

    #[test]
    fn a_fitting_sidecar_is_accepted_in_pieces_of_any_length() {
        for len in [0, 1, 511, 512, 513, 1024, 3000] {
            let file = bytes(len);
            let sidecar = sidecar_of(&file, 512);
            verify(&file, &sidecar).expect("whole");
            for piece_len in [1, 7, 511, 512, 513, 5000] {
                let mut verifier =
                    Verifier::new(&sidecar[..8], sidecar.len() as u64, len as u64).expect("header");
                for piece in file.chunks(piece_len) {
                    let (start, sums_len) = verifier.sums_for(piece.len() as u64);
                    let sums = &sidecar[start as usize..][..sums_len as usize];
                    verifier.update(piece, sums).expect("fits");
                }
                assert_eq!(verifier.position, len as u64);
            }
        }
    }

    #[test]
    fn a_damaged_byte_is_found_in_its_chunk() {
        let mut file = bytes(1300);
        let sidecar = sidecar_of(&file, 512);
        for (at, chunk) in [(0, "0 to 511"), (512, "512 to 1023"), (1299, "1024 to 1299")] {
            file[at] ^= 1;
            let reason = verify(&file, &sidecar).expect_err("damaged");
            assert!(reason.contains(chunk), "{reason}");
            file[at] ^= 1;
        }
    }

    #[test]
    fn a_sidecar_that_is_none_is_refused() {
        let file = bytes(600);
        let right = sidecar_of(&file, 512);
        let mut other_magic = right.clone();
        other_magic[0] = b'C';
        let mut no_length = right.clone();
        no_length[4..8].fill(0);
        let mut negative = right.clone();
        negative[4] = 0xff;
        for (sidecar, reason) in [
            (&right[..3], "only 3 bytes"),
            (&right[..6], "no valid length"),
            (&right[..12], "has 12 bytes, not the 16"),
            (&other_magic[..], "does not begin"),
            (&no_length[..], "no valid length"),
            (&negative[..], "no valid length"),
        ] {
            let found = verify(&file, sidecar).expect_err(reason);
            assert!(found.contains(reason), "{found}");
        }
    }
}
