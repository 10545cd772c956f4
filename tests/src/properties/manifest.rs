use checkpoint_storage_api::ffi::{MANIFEST_MAGIC, Manifest};

/// Any bytes are a manifest or none; what was understood reads the same once it is written again.
/// The bytes are tried as they are, and as the text of a manifest.
pub fn manifest(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), with_head(bytes)] {
        let Ok(manifest) = Manifest::parse(&bytes) else { continue };
        assert!(!manifest.name.is_empty() && manifest.api_major().is_some());
        assert!(!manifest.name.contains(['/', '\n', '.']), "{:?}", manifest.name);
        let again = Manifest::parse(&with_head(text_of(&manifest).as_bytes()));
        assert_eq!(again.expect("it was understood before"), manifest);
    }
}

fn with_head(text: &[u8]) -> Vec<u8> {
    let len = u32::try_from(text.len()).expect("less than 4 GiB").to_le_bytes();
    [&MANIFEST_MAGIC[..], &len, text].concat()
}

fn text_of(manifest: &Manifest) -> String {
    let Manifest { name, version, api_version, storage_types, schemes, deprecated } = manifest;
    let mut text = format!("name={name}\nversion={version}\napi={api_version}\n");
    let lists = [("storage-type", storage_types), ("scheme", schemes)];
    for (key, values) in lists {
        text.extend(values.iter().map(|value| format!("{key}={value}\n")));
    }
    text.extend(deprecated.iter().map(|value| format!("deprecated={value}\n")));
    text
}
