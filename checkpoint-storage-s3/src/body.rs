//! Bodies of requests: the caller's own memory, piece by piece, as often as a request is tried.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// How many bytes are handed on at once.
const FRAME_LEN: usize = 1 << 20;

/// A body of these pieces, none of which is copied.
pub(crate) fn of_pieces(pieces: &[Bytes]) -> ByteStream {
    let pieces: Vec<Bytes> = pieces.iter().filter(|piece| !piece.is_empty()).cloned().collect();
    ByteStream::new(SdkBody::retryable(move || {
        SdkBody::from_body_1_x(Pieces { rest: pieces.iter().cloned().collect() })
    }))
}

/// How many bytes the pieces have together.
pub(crate) fn total_len(pieces: &[Bytes]) -> u64 {
    pieces.iter().map(|piece| piece.len() as u64).sum()
}

/// Takes `len` bytes from the front of `pieces`, or all there are; nothing is copied.
pub(crate) fn take_front(pieces: &mut VecDeque<Bytes>, len: u64) -> Vec<Bytes> {
    let mut taken = Vec::new();
    let mut wanted = len;
    while let Some(piece) = pieces.front_mut().filter(|_| wanted > 0) {
        let has = piece.len() as u64;
        if has > wanted {
            taken.push(piece.split_to(wanted as usize));
            break;
        }
        wanted -= has;
        taken.extend(pieces.pop_front());
    }
    taken
}

/// Never holds an empty piece.
struct Pieces {
    rest: VecDeque<Bytes>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.rest.front_mut() {
            Some(piece) if piece.len() > FRAME_LEN => Some(piece.split_to(FRAME_LEN)),
            _ => self.rest.pop_front(),
        };
        Poll::Ready(frame.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(texts: &[&'static str]) -> VecDeque<Bytes> {
        texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect()
    }

    #[test]
    fn what_is_taken_from_the_front_is_the_same_memory() {
        let mut rest = pieces(&["abc", "defgh", "i"]);
        let second = rest[1].as_ptr();
        let taken = take_front(&mut rest, 5);
        assert_eq!(taken.concat(), b"abcde");
        assert_eq!(taken[1].as_ptr(), second);
        assert_eq!(take_front(&mut rest, 4).concat(), b"fghi");
        assert!(take_front(&mut rest, 4).is_empty());
    }

    #[tokio::test]
    async fn a_body_is_the_pieces_however_often_it_is_read() {
        let large = Bytes::from(vec![7; FRAME_LEN * 2 + 1]);
        let body = of_pieces(&[Bytes::from_static(b"ab"), Bytes::new(), large.clone()]);
        assert_eq!(body.size_hint(), (large.len() as u64 + 2, Some(large.len() as u64 + 2)));
        let body = body.into_inner();
        for again in [body.try_clone().expect("it can be sent again"), body] {
            let read = ByteStream::new(again).collect().await.expect("in memory").to_vec();
            assert_eq!(read.len(), large.len() + 2);
            assert_eq!(read[..3], *b"ab\x07");
        }
    }
}
