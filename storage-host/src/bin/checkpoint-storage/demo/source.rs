//! Keyed events that can be read again from any position.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

/// How many keys the made-up events have.
const KEYS: u64 = 20_000;

/// The longest word: a file without white space has others cut here.
const MAX_WORD: usize = 4096;

/// Where events come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// Made up from their position alone.
    MadeUp {
        /// How many there are.
        events: u64,
    },
    /// The words of a file.
    Words(PathBuf),
}

impl Source {
    /// The events from `position` on, which is 0 or was given by [`Events::position`].
    pub(super) fn events_from(&self, position: u64) -> io::Result<Events> {
        Ok(match self {
            Self::MadeUp { events } => Events::MadeUp { position, end: *events },
            Self::Words(file) => {
                let mut file = BufReader::new(File::open(file)?);
                file.seek(SeekFrom::Start(position))?;
                Events::Words { position, file }
            }
        })
    }
}

/// Events, one after the other.
pub(super) enum Events {
    MadeUp { position: u64, end: u64 },
    Words { position: u64, file: BufReader<File> },
}

impl Events {
    /// Where the next event begins.
    pub(super) fn position(&self) -> u64 {
        match self {
            Self::MadeUp { position, .. } | Self::Words { position, .. } => *position,
        }
    }

    /// Puts the next event's key into `key`; `false` at the end.
    pub(super) fn next(&mut self, key: &mut Vec<u8>) -> io::Result<bool> {
        key.clear();
        match self {
            Self::MadeUp { position, end } => {
                if position == end {
                    return Ok(false);
                }
                key.extend_from_slice(b"key-");
                key.extend_from_slice((scattered(*position) % KEYS).to_string().as_bytes());
                *position += 1;
                Ok(true)
            }
            Self::Words { position, file } => {
                next_word(file, position, key)?;
                Ok(!key.is_empty())
            }
        }
    }
}

/// A number that looks random and depends on `index` alone (the finalizer of `SplitMix64`).
fn scattered(index: u64) -> u64 {
    let mut z = index.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn next_word(file: &mut impl BufRead, position: &mut u64, word: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let buffer = file.fill_buf()?;
        let Some(&byte) = buffer.first() else { return Ok(()) };
        let ends = byte.is_ascii_whitespace();
        if (ends && !word.is_empty()) || word.len() == MAX_WORD {
            return Ok(());
        }
        if !ends {
            word.push(byte);
        }
        file.consume(1);
        *position += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn words(text: &[u8]) -> Vec<(u64, String)> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text).expect("written");
        let source = Source::Words(file.path().to_owned());
        let mut events = source.events_from(0).expect("opened");
        let (mut key, mut found) = (Vec::new(), Vec::new());
        while events.next(&mut key).expect("readable") {
            found.push((events.position(), String::from_utf8_lossy(&key).into_owned()));
        }
        // Reading from any position goes on exactly there.
        for (index, (position, _)) in found.iter().enumerate() {
            let mut events = source.events_from(*position).expect("opened");
            for (_, expected) in &found[index + 1..] {
                assert!(events.next(&mut key).expect("readable"));
                assert_eq!(String::from_utf8_lossy(&key), *expected);
            }
            assert!(!events.next(&mut key).expect("readable"));
        }
        found
    }

    #[test]
    fn words_are_what_lies_between_white_space() {
        let found: Vec<_> =
            words(b"  to be\tor\n\nnot \xff\xfe to").into_iter().map(|w| w.1).collect();
        assert_eq!(found, ["to", "be", "or", "not", "\u{fffd}\u{fffd}", "to"]);
        assert!(words(b" \n ").is_empty());
        let long = words(&vec![b'x'; MAX_WORD + 5]);
        assert_eq!(long.len(), 2);
    }

    #[test]
    fn made_up_events_depend_on_their_position_alone() {
        let keys_from = |position| {
            let mut events = Source::MadeUp { events: 100 }.events_from(position).expect("made up");
            let (mut key, mut keys) = (Vec::new(), Vec::new());
            while events.next(&mut key).expect("made up") {
                keys.push(key.clone());
            }
            keys
        };
        let all = keys_from(0);
        assert_eq!(all.len(), 100);
        assert_eq!(keys_from(40), all[40..]);
        assert!(all.iter().collect::<std::collections::HashSet<_>>().len() > 90);
    }
}
