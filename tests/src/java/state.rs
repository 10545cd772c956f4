//! What Java says of a checkpoint, in the words of its line protocol.

/// A checkpoint as Java tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// The job's id.
    pub job: String,
    /// The pipeline's id; Java writes negative ones too.
    pub pipeline: i32,
    /// The checkpoint's id.
    pub checkpoint: i64,
    /// The states; Java tells none from empty ones.
    pub states: Option<Vec<u8>>,
}

impl State {
    /// A checkpoint with these states.
    pub fn new(job: &str, pipeline: i32, checkpoint: i64, states: Option<&[u8]>) -> Self {
        Self { job: job.to_owned(), pipeline, checkpoint, states: states.map(<[u8]>::to_vec) }
    }

    pub(super) fn parse(line: &str) -> Self {
        let fields: Vec<_> = line.split('\t').collect();
        let [job, pipeline, checkpoint, states] = fields[..] else { panic!("an answer of {line}") };
        Self {
            job: job.to_owned(),
            pipeline: pipeline.parse().expect("a number"),
            checkpoint: checkpoint.parse().expect("a number"),
            states: (states != "null").then(|| from_hex(states)),
        }
    }

    /// The states as the protocol writes them.
    pub(super) fn states_in_hex(&self) -> String {
        self.states.as_deref().map_or("null".to_owned(), to_hex)
    }
}

/// The checkpoints as the driver tells them: by their ids.
pub fn sorted(states: &[State]) -> Vec<State> {
    let mut states = states.to_vec();
    states.sort();
    states
}

/// The last checkpoint of each pipeline of those that were stored in this order.
pub fn latest(states: &[State]) -> Vec<State> {
    let is_last = |(at, state): &(usize, &State)| {
        states[at + 1..].iter().all(|later| later.pipeline != state.pipeline)
    };
    sorted(&states.iter().enumerate().filter(is_last).map(|(_, s)| s.clone()).collect::<Vec<_>>())
}

fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
