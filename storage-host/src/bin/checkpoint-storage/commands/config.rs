//! `config check`: what is wrong with the configuration, and what it comes to.

use checkpoint_storage_keys::{ALL, Key, Recognition, recognize};
use serde_json::{Value, json};
use storage_host::StorageHost;
use storage_host::config::{ConfigReading, EffectiveValue, ValueSource};

use crate::args::CheckArgs;
use crate::output::{Output, diagnostic_document};
use crate::session::Session;
use crate::stop::Stop;

pub(crate) async fn run(session: &Session, output: &Output, args: CheckArgs) -> Result<(), Stop> {
    if let Some(key) = &args.explain {
        return explain(output, key);
    }
    match args.file {
        Some(file) => check(&session.with_configuration(file), output, args.strict).await,
        None => check(session, output, args.strict).await,
    }
}

async fn check(session: &Session, output: &Output, strict: bool) -> Result<(), Stop> {
    let mut reading = session.reading()?;
    let host = session.host()?;
    let values = host.review(&mut reading);
    if strict {
        reading.deny_warnings();
    }
    let reading = reading.refuse_errors()?;
    let storage = &reading.config().storage;
    let opened = host.probe(storage).await;
    output.warnings(reading.diagnostics());
    let mut rows: Vec<_> = values.iter().map(row).collect();
    if let Ok((file, manifest)) = host.resolve(storage) {
        rows.push(["plugin".to_owned(), manifest.to_string(), file.display().to_string()]);
    }
    rows.push(["because".to_owned(), host.because(storage), String::new()]);
    output.rows(["KEY", "VALUE", "FROM"], rows, || document(&reading, &values, &host))?;
    Ok(opened?)
}

fn row(value: &EffectiveValue) -> [String; 3] {
    let mut source = value.source.to_string();
    if value.is_ignored {
        source.push_str(", ignored");
    }
    [value.key.clone(), value.value.clone().unwrap_or_default(), source]
}

fn document(reading: &ConfigReading, values: &[EffectiveValue], host: &StorageHost) -> Value {
    let storage = &reading.config().storage;
    let plugin = host.resolve(storage).ok().map(|(file, manifest)| {
        json!({
            "name": manifest.name,
            "version": manifest.version,
            "file": file.to_string_lossy(),
            "because": host.because(storage),
        })
    });
    json!({
        "file": reading.diagnostics().origin(),
        "values": values.iter().map(value_document).collect::<Value>(),
        "plugin": plugin,
        "problems": reading.diagnostics().iter().map(diagnostic_document).collect::<Value>(),
    })
}

fn value_document(value: &EffectiveValue) -> Value {
    let (origin, line, variables) = match &value.source {
        ValueSource::File(line) => ("file", Some(line), &[][..]),
        ValueSource::Environment(variables, line) => ("environment", Some(line), &variables[..]),
        ValueSource::Default => ("default", None, &[][..]),
    };
    json!({
        "key": value.key,
        "value": value.value,
        "origin": origin,
        "line": line,
        "variables": variables,
        "ignored": value.is_ignored,
    })
}

/// Shows a row of the table; the way to a key may be left out or given.
fn explain(output: &Output, wanted: &str) -> Result<(), Stop> {
    let wanted = wanted.strip_prefix("seatunnel.engine.checkpoint.").unwrap_or(wanted);
    let is_meant = |key: &&&Key| key.path() == wanted || key.is_spelt(wanted);
    let Some(key) = ALL.iter().find(is_meant) else {
        let spellings: Vec<_> = ALL.iter().flat_map(|key| key.spellings()).collect();
        let hint = match recognize(wanted, &spellings) {
            Recognition::Misspelt(near) | Recognition::Unknown(Some(near)) => {
                format!("; did you mean `{near}`?")
            }
            _ => "; docs/configuration.md lists all keys".to_owned(),
        };
        return Err(Stop::Usage(format!("there is no key `{wanted}`{hint}")));
    };
    let facts = [
        ("key", Some(format!("seatunnel.engine.checkpoint.{}", key.path()))),
        ("also", (!key.aliases.is_empty()).then(|| key.aliases.join(", "))),
        ("value", Some(key.value.to_string())),
        ("default", key.default.map(str::to_owned)),
        ("needs", key.needs.map(str::to_owned)),
        ("secret", key.secret.then(|| "its value is shown nowhere".to_owned())),
        ("meaning", Some(key.meaning.to_owned())),
    ];
    let rows = facts.iter().filter_map(|(name, fact)| Some([(*name).to_owned(), fact.clone()?]));
    output.rows(["", ""], rows.collect(), || {
        json!({
            "key": key.path(),
            "path": format!("seatunnel.engine.checkpoint.{}", key.path()),
            "aliases": key.aliases,
            "value": key.value.to_string(),
            "default": key.default,
            "needs": key.needs,
            "secret": key.secret,
            "meaning": key.meaning,
        })
    })
}
