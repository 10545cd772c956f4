//! Where everything stands: the marked parse, which reads no value.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

/// How deep anything of interest lies; what is deeper is passed over.
const DEEPEST: usize = 7;

/// A part of the text, on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
    /// In characters; 0 if it goes on on the next line.
    pub(super) len: usize,
}

impl Mark {
    fn of(span: Span) -> Self {
        let start = span.start;
        let one_line = span.end.line() == start.line();
        let len = if one_line { span.end.col().saturating_sub(start.col()) } else { 0 };
        Self { len, ..Self::at(&start) }
    }

    fn at(marker: &Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1, len: 0 }
    }
}

/// A value's place and shape.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) mark: Mark,
    pub(super) shape: Shape,
    /// What YAML takes off a value's front: an anchor or a tag.
    pub(super) is_decorated: bool,
}

/// A value's shape.
#[derive(Debug)]
pub(super) enum Shape {
    Scalar { is_plain: bool },
    Mapping(Vec<Entry>),
    Sequence,
    Alias,
}

/// A key with its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) mark: Mark,
    pub(super) value: Node,
}

/// Why the text is not YAML.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) mark: Mark,
    pub(super) reason: String,
    pub(super) help: &'static str,
}

/// The marks of the document; `None` if the text holds none.
pub(super) fn parse(text: &str) -> Result<Option<Node>, SyntaxError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            mark: Mark::at(error.marker()),
            reason: format!("this is not YAML: {}", error.info()),
            help: "look at the indentation, quotes and brackets here and above",
        })?;
        if matches!(event, Event::DocumentStart(_)) && builder.root.is_some() {
            return Err(SyntaxError {
                mark: Mark::of(span),
                reason: "a second document begins here".to_owned(),
                help: "keep one, and remove this line",
            });
        }
        builder.add(event, span);
    }
    Ok(builder.root)
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// How many containers are open that are too deep to be kept.
    passed_over: usize,
    root: Option<Node>,
}

/// A container whose end has not come.
struct Open {
    node: Node,
    key: Option<(String, Mark)>,
}

impl Builder {
    fn add(&mut self, event: Event<'_>, span: Span) {
        let mark = Mark::of(span);
        let node =
            |shape, anchor: usize, tagged| Node { mark, shape, is_decorated: anchor > 0 || tagged };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let scalar = node(Shape::Scalar { is_plain }, anchor, tag.is_some());
                self.complete(scalar, Some(&text));
            }
            Event::Alias(_) => self.complete(node(Shape::Alias, 0, false), None),
            Event::MappingStart(anchor, tag) => {
                self.begin(node(Shape::Mapping(Vec::new()), anchor, tag.is_some()));
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(node(Shape::Sequence, anchor, tag.is_some()));
            }
            Event::MappingEnd | Event::SequenceEnd => self.end(),
            _ => {}
        }
    }

    fn begin(&mut self, node: Node) {
        if self.passed_over > 0 || self.open.len() >= DEEPEST {
            self.complete(node, None);
            self.passed_over += 1;
        } else {
            self.open.push(Open { node, key: None });
        }
    }

    fn end(&mut self) {
        if self.passed_over > 0 {
            self.passed_over -= 1;
        } else if let Some(open) = self.open.pop() {
            self.complete(open.node, None);
        }
    }

    /// A value is complete: it is a key, the value of one, or nobody's.
    fn complete(&mut self, node: Node, text: Option<&str>) {
        if self.passed_over > 0 {
            return;
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        let Shape::Mapping(entries) = &mut open.node.shape else { return };
        match open.key.take() {
            // A key that is no text has no name and is passed over with its value.
            None => open.key = Some((text.unwrap_or_default().to_owned(), node.mark)),
            Some((key, mark)) => entries.push(Entry { key, mark, value: node }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(node: &Node) -> &[Entry] {
        match &node.shape {
            Shape::Mapping(entries) => entries,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_and_values_have_their_places() {
        let root = parse("a:\n  b: 1e10 # x\n  \"c\": [1, {d: 2}]\ne: é\n").expect("valid");
        let root = root.expect("a document");
        let [a, e] = entries(&root) else { panic!("{root:?}") };
        assert_eq!((a.key.as_str(), a.mark), ("a", Mark { line: 1, column: 1, len: 1 }));
        let [b, c] = entries(&a.value) else { panic!("{a:?}") };
        assert_eq!(b.mark, Mark { line: 2, column: 3, len: 1 });
        assert_eq!(b.value.mark, Mark { line: 2, column: 6, len: 4 });
        assert_eq!((c.key.as_str(), c.mark.len), ("c", 3));
        assert!(matches!(c.value.shape, Shape::Sequence));
        assert_eq!(e.value.mark, Mark { line: 4, column: 4, len: 1 });
    }

    #[test]
    fn what_is_deep_is_passed_over() {
        let deep = format!("{}a: {}{}\n", "- ".repeat(5), "[".repeat(100), "]".repeat(100));
        assert!(parse(&deep).expect("valid").is_some());
        let deep = "a: {b: {c: {d: {e: {f: {g: {h: 1}}, i: 1}}}}}";
        let mut node = parse(deep).expect("valid").expect("a document");
        for _ in 0..5 {
            let Shape::Mapping(mut entries) = node.shape else { panic!("{:?}", node.shape) };
            node = entries.remove(0).value;
        }
        let keys: Vec<_> = entries(&node).iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["f", "i"], "a value that was passed over has not lost its key");
    }

    #[test]
    fn an_empty_text_has_no_document_and_a_wrong_one_a_place() {
        assert!(parse("# nothing\n").expect("valid").is_none());
        assert_eq!(parse("a: b: c\n").expect_err("wrong").mark.line, 1);
        assert_eq!(parse("a: b\n---\nc: d\n").expect_err("two").mark.line, 2);
    }
}
