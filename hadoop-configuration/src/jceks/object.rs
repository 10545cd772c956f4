//! The part of Java's object serialization that keys and sealed objects are written in: one object
//! whose fields are texts and arrays of bytes.

use super::cursor::{Cursor, Malformed};

/// How every stream begins.
pub(super) const STREAM: [u8; 4] = [0xac, 0xed, 0x00, 0x05];

const NULL: u8 = 0x70;
const REFERENCE: u8 = 0x71;
const CLASS: u8 = 0x72;
const OBJECT: u8 = 0x73;
const TEXT: u8 = 0x74;
const ARRAY: u8 = 0x75;
const END_OF_ANNOTATIONS: u8 = 0x78;

/// A class that writes its fields as they are declared.
const SERIALIZABLE: u8 = 0x02;
const FIRST_HANDLE: u32 = 0x007e_0000;

/// What bounds the work for any input. The classes read here have two ancestors and four fields.
const MOST_ANCESTORS: usize = 4;
const MOST_FIELDS: usize = 16;

/// An object as it was written.
pub(super) struct Object<'a> {
    pub(super) class: &'a [u8],
    fields: Vec<(&'a [u8], Value<'a>)>,
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Null,
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

impl<'a> Object<'a> {
    /// Reads a stream of one object, to its last byte and not further.
    pub(super) fn read(cursor: &mut Cursor<'a>) -> Result<Self, Malformed> {
        let stream = cursor.array()?;
        if stream != STREAM {
            return Err(cursor.malformed("this is no serialized object"));
        }
        Stream { cursor, handles: Vec::new() }.object()
    }

    /// The text of a field, in Java's modified UTF-8.
    pub(super) fn text(&self, name: &str) -> Option<&'a [u8]> {
        match self.field(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&'a [u8]> {
        match self.field(name)? {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn field(&self, name: &str) -> Option<Value<'a>> {
        self.fields.iter().find(|(field, _)| *field == name.as_bytes()).map(|(_, value)| *value)
    }
}

#[derive(Clone)]
struct Class<'a> {
    name: &'a [u8],
    /// In the order of their values: those of the ancestors first.
    fields: Vec<&'a [u8]>,
}

/// What a later part of the stream can refer to.
enum Handle<'a> {
    Class(Class<'a>),
    Value(Value<'a>),
    /// Not read to its end yet, or of no use as a part of another object.
    Other,
}

struct Stream<'a, 'c> {
    cursor: &'c mut Cursor<'a>,
    handles: Vec<Handle<'a>>,
}

impl<'a> Stream<'a, '_> {
    fn object(&mut self) -> Result<Object<'a>, Malformed> {
        if self.cursor.u8()? != OBJECT {
            return Err(self.cursor.malformed("an object should be here"));
        }
        let class =
            self.class(MOST_ANCESTORS)?.ok_or(self.cursor.malformed("no class is named"))?;
        self.handles.push(Handle::Other);
        let mut fields = Vec::with_capacity(class.fields.len());
        for name in class.fields {
            fields.push((name, self.value()?));
        }
        Ok(Object { class: class.name, fields })
    }

    fn class(&mut self, ancestors: usize) -> Result<Option<Class<'a>>, Malformed> {
        match self.cursor.u8()? {
            NULL => return Ok(None),
            REFERENCE => {
                let Handle::Class(class) = self.referent()? else {
                    return Err(self.cursor.malformed("this refers to no class"));
                };
                return Ok(Some(class.clone()));
            }
            CLASS => {}
            _ => return Err(self.cursor.malformed("a class should be here")),
        }
        let name = self.cursor.text()?;
        let _version = self.cursor.array::<8>()?;
        let handle = self.handles.len();
        self.handles.push(Handle::Other);
        if self.cursor.u8()? != SERIALIZABLE {
            return Err(self.cursor.malformed("a class writes more than its fields"));
        }
        let own = self.fields()?;
        if self.cursor.u8()? != END_OF_ANNOTATIONS {
            return Err(self.cursor.malformed("a class has annotations"));
        }
        let ancestors = ancestors
            .checked_sub(1)
            .ok_or(self.cursor.malformed("a class has too many ancestors"))?;
        let mut fields = self.class(ancestors)?.map(|parent| parent.fields).unwrap_or_default();
        fields.extend(own);
        if fields.len() > MOST_FIELDS {
            return Err(self.cursor.malformed("a class has too many fields"));
        }
        let class = Class { name, fields };
        self.handles[handle] = Handle::Class(class.clone());
        Ok(Some(class))
    }

    fn fields(&mut self) -> Result<Vec<&'a [u8]>, Malformed> {
        let mut names = Vec::new();
        for _ in 0..self.cursor.u16()? {
            if !matches!(self.cursor.u8()?, b'L' | b'[') {
                return Err(self.cursor.malformed("a class has fields of numbers"));
            }
            names.push(self.cursor.text()?);
            self.class_of_field()?;
        }
        Ok(names)
    }

    fn class_of_field(&mut self) -> Result<(), Malformed> {
        match self.cursor.u8()? {
            TEXT => {
                let text = Value::Text(self.cursor.text()?);
                self.handles.push(Handle::Value(text));
                Ok(())
            }
            REFERENCE => self.referent().map(drop),
            _ => Err(self.cursor.malformed("a field is of no class")),
        }
    }

    fn value(&mut self) -> Result<Value<'a>, Malformed> {
        let value = match self.cursor.u8()? {
            NULL => return Ok(Value::Null),
            REFERENCE => {
                let Handle::Value(value) = *self.referent()? else {
                    return Err(self.cursor.malformed("this refers to no value"));
                };
                return Ok(value);
            }
            TEXT => Value::Text(self.cursor.text()?),
            ARRAY => {
                if self.class(1)?.is_none_or(|class| class.name != b"[B") {
                    return Err(self.cursor.malformed("an array is not one of bytes"));
                }
                Value::Bytes(self.cursor.block()?)
            }
            _ => return Err(self.cursor.malformed("a text or bytes should be here")),
        };
        self.handles.push(Handle::Value(value));
        Ok(value)
    }

    fn referent(&mut self) -> Result<&Handle<'a>, Malformed> {
        let handle = self.cursor.u32()?;
        handle
            .checked_sub(FIRST_HANDLE)
            .and_then(|index| self.handles.get(usize::try_from(index).ok()?))
            .ok_or(self.cursor.malformed("this refers to nothing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A class without fields, up to where its ancestor is named.
    const CLASS_X: [u8; 15] = [CLASS, 0, 1, b'X', 0, 0, 0, 0, 0, 0, 0, 0, SERIALIZABLE, 0, 0];

    fn read(parts: &[&[u8]]) -> Result<Vec<u8>, &'static str> {
        let stream = [&STREAM[..], &[OBJECT], &parts.concat()].concat();
        let object = Object::read(&mut Cursor::new(&stream));
        object.map(|object| object.class.to_vec()).map_err(|malformed| malformed.what)
    }

    #[test]
    fn ancestors_are_followed_so_far_and_no_further() {
        let child = [&CLASS_X[..], &[END_OF_ANNOTATIONS]].concat();
        assert_eq!(read(&[&child, &[NULL]]), Ok(b"X".to_vec()));
        assert_eq!(read(&[&child.repeat(MOST_ANCESTORS), &[NULL]]), Ok(b"X".to_vec()));
        let endless = read(&[&child.repeat(100_000)]);
        assert_eq!(endless, Err("a class has too many ancestors"));
    }

    #[test]
    fn a_class_is_not_its_own_ancestor() {
        let itself = [END_OF_ANNOTATIONS, REFERENCE, 0, 0x7e, 0, 0];
        assert_eq!(read(&[&CLASS_X, &itself]), Err("this refers to no class"));
        let nothing = [END_OF_ANNOTATIONS, REFERENCE, 0, 0x7e, 0, 1];
        assert_eq!(read(&[&CLASS_X, &nothing]), Err("this refers to nothing"));
        let below_all = [END_OF_ANNOTATIONS, REFERENCE, 0, 0, 0, 0];
        assert_eq!(read(&[&CLASS_X, &below_all]), Err("this refers to nothing"));
    }

    #[test]
    fn what_keys_are_not_written_with_is_refused() {
        let cases: [(&[&[u8]], &str); 5] = [
            (&[&[NULL]], "no class is named"),
            (&[&CLASS_X[..12], &[3]], "a class writes more than its fields"),
            (&[&CLASS_X, &[0x77]], "a class has annotations"),
            (&[&CLASS_X[..13], &[0, 1, b'I']], "a class has fields of numbers"),
            (&[&CLASS_X[..13], &[0, 1, b'[', 0, 1, b'f', ARRAY]], "a field is of no class"),
        ];
        for (parts, what) in cases {
            assert_eq!(read(parts), Err(what));
        }
    }
}
