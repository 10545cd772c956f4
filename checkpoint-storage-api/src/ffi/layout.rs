//! The ABI's layout as text, so that a change of it is seen before anything depends on it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::{self, Write as _};

use abi_stable::StableAbi;
use abi_stable::std_types::UTypeId;
use abi_stable::type_layout::{TLData, TLField, TLFunction, TypeLayout};

use super::raw::PluginModuleRef;

/// The packages whose types are recorded; what lies under them is fixed by their exact versions.
const RECORDED_PACKAGES: [&str; 2] = ["checkpoint-storage-api", "async-ffi"];

/// What containers are made of beside their contents.
const SCAFFOLD: [&str; 4] = ["()", "usize", "AFunctionPointer", "Exactness"];

/// Types of `abi_stable` that are contents, not containers.
const TEXT: [&str; 2] = ["RStr", "RString"];

/// Every type that crosses: a line for the type, an indented line for each of its fields.
pub fn describe_layout() -> String {
    let mut walk = Walk::default();
    walk.visit(<PluginModuleRef as StableAbi>::LAYOUT);
    walk.types.into_iter().fold(String::new(), |mut text, (head, body)| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{head}\n{body}");
        text
    })
}

type Layout = &'static TypeLayout;

#[derive(Default)]
struct Walk {
    types: BTreeMap<String, String>,
    seen: HashSet<UTypeId>,
}

impl Walk {
    fn visit(&mut self, layout: Layout) {
        if !self.seen.insert(layout.get_utypeid()) {
            return;
        }
        if is_recorded(layout) {
            let fields = fields_of(layout);
            let head = format!("{}: {}", type_name(layout), kind_of(layout));
            self.types.insert(head, fields.iter().map(line_of).collect());
        }
        for inner in inner_types(layout) {
            self.visit(inner);
        }
    }
}

fn is_recorded(layout: Layout) -> bool {
    RECORDED_PACKAGES.contains(&layout.package().as_str())
}

fn kind_of(layout: Layout) -> String {
    let kind = match layout.data() {
        TLData::PrefixType(data) => {
            return format!("appendable after {} fields", data.first_suffix_field);
        }
        TLData::Struct { .. } => "struct",
        TLData::Union { .. } => "union",
        TLData::Enum(_) => "enum",
        TLData::Primitive(_) | TLData::Opaque => "opaque",
    };
    format!("{kind} of {} bytes, aligned to {}", layout.size(), layout.alignment())
}

fn fields_of(layout: Layout) -> Vec<TLField> {
    match layout.data() {
        TLData::Struct { fields } | TLData::Union { fields } => fields.to_vec(),
        TLData::Enum(data) => data.fields.to_vec(),
        TLData::PrefixType(data) => data.fields.to_vec(),
        TLData::Primitive(_) | TLData::Opaque => Vec::new(),
    }
}

fn line_of(field: &TLField) -> String {
    let signatures: Vec<_> = field.function_range().iter().map(|f| signature(&f)).collect();
    let of_type =
        if signatures.is_empty() { type_name(field.layout()) } else { signatures.join(" and ") };
    format!("    {}: {of_type}\n", field.name())
}

fn signature(function: &TLFunction) -> String {
    let parameters: Vec<_> =
        function.param_type_layouts.iter().map(|layout| type_name(layout())).collect();
    let returned = function.return_type_layout().map_or("()".into(), |layout| type_name(layout()));
    format!("fn({}) -> {returned}", parameters.join(", "))
}

fn inner_types(layout: Layout) -> Vec<Layout> {
    let mut inner = Vec::new();
    for field in fields_of(layout).into_iter().chain(layout.phantom_fields().iter()) {
        inner.push(field.layout());
        for function in field.function_range().iter() {
            inner.extend(function.param_type_layouts.iter().map(|layout| layout()));
            inner.extend(function.return_type_layout().map(|layout| layout()));
        }
    }
    inner
}

/// A type's name, and for a type of a library the names of what it is made of, as far as the types
/// of this crate: `abi_stable` names a generic type without its arguments.
fn type_name(layout: Layout) -> String {
    let own = layout.full_type().to_string();
    let mut contents = BTreeSet::new();
    let mut seen = HashSet::from([layout.get_utypeid()]);
    let mut ahead = if is_content(layout) { Vec::new() } else { inner_types(layout) };
    while let Some(inner) = ahead.pop() {
        if !seen.insert(inner.get_utypeid()) {
            continue;
        }
        if is_content(inner) {
            contents.insert(inner.name());
        } else {
            ahead.extend(inner_types(inner));
        }
    }
    if contents.is_empty() {
        return own;
    }
    format!("{own}({})", contents.into_iter().collect::<Vec<_>>().join(", "))
}

fn is_content(layout: Layout) -> bool {
    let is_own = layout.package() == RECORDED_PACKAGES[0];
    let is_single = inner_types(layout).is_empty() && !SCAFFOLD.contains(&layout.name());
    is_own || is_single || TEXT.contains(&layout.name())
}

/// How a layout differs from a recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutChange {
    /// An older side still finds everything where it was.
    Appended(String),
    /// An older side would misread it.
    Broken(String),
}

impl fmt::Display for LayoutChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Appended(what) => write!(f, "appended: {what}"),
            Self::Broken(what) => write!(f, "broken: {what}"),
        }
    }
}

/// What changed between two texts of [`describe_layout`].
pub fn changes_since(recorded: &str, current: &str) -> Vec<LayoutChange> {
    let (recorded, current) = (types_of(recorded), types_of(current));
    let mut changes = Vec::new();
    for (name, old) in &recorded {
        let Some(new) = current.get(name) else {
            changes.push(LayoutChange::Broken(format!("`{name}` is gone or changed its kind")));
            continue;
        };
        let kept = new.iter().zip(old).take_while(|(new, old)| new == old).count();
        if let Some(old) = old.get(kept) {
            let new = new.get(kept).copied().unwrap_or("nothing");
            changes.push(LayoutChange::Broken(format!("in `{name}`: `{old}` became `{new}`")));
        } else if kept < new.len() {
            let added = new[kept..].join(", ");
            let appendable = name.contains(": appendable after ");
            let change = if appendable { LayoutChange::Appended } else { LayoutChange::Broken };
            changes.push(change(format!("to `{name}`: `{added}`")));
        }
    }
    let added = current.keys().filter(|name| !recorded.contains_key(*name));
    changes.extend(added.map(|name| LayoutChange::Appended(format!("type `{name}`"))));
    changes
}

fn types_of(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(field) => types.entry(current).or_default().push(field),
            None => {
                current = line;
                types.entry(current).or_default();
            }
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "A: appendable after 1 fields\n    x: u8\nB: struct of 1 bytes\n    y: u8\n";

    #[test]
    fn appending_is_told_from_breaking() {
        let appended = "A: appendable after 1 fields\n    x: u8\n    z: u8\nB: struct of 1 bytes\n    y: u8\nC: struct of 0 bytes\n";
        let changes = changes_since(OLD, appended);
        assert_eq!(changes.len(), 2, "{changes:?}");
        assert!(changes.iter().all(|change| matches!(change, LayoutChange::Appended(_))));
        assert_eq!(changes_since(OLD, OLD), []);
        for broken in [
            OLD.replace("x: u8", "x: u16"),
            OLD.replace("    y: u8\n", "    y: u8\n    z: u8\n"),
            OLD.replace("after 1", "after 2"),
            OLD.replace("B: struct of 1 bytes\n    y: u8\n", ""),
            OLD.replace("    x: u8\n", "    w: u8\n    x: u8\n"),
            OLD.replace("    x: u8\n", ""),
        ] {
            let changes = changes_since(OLD, &broken);
            assert!(
                changes.iter().any(|change| matches!(change, LayoutChange::Broken(_))),
                "{broken}"
            );
        }
    }

    #[test]
    fn the_layout_names_every_object_that_crosses() {
        let layout = describe_layout();
        for name in ["PluginModule", "HostApi", "RawStorage", "RawReader", "FfiEntry", "FfiBytes"] {
            assert!(layout.contains(name), "{name} is missing in\n{layout}");
        }
    }
}
