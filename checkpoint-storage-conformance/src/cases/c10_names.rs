//! Contract 10: a job id is kept as it is or refused before anything is touched; nothing leaves
//! the namespace.

use checkpoint_storage_api::{ErrorKind, JobId, ListQuery, PipelineState};

use super::case;
use super::support::{
    ensure_all_read, import, job, job_called, listed, listed_of, name_at, names, states_of, store,
    store_in,
};
use crate::case::Case;
use crate::check::{Check, Failure, ensure, ensure_eq, refused};
use crate::context::{Context, Storage};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case!("c10-01 java-ids", "the ids that the Java engine gives are kept", [], java_ids),
        case!("c10-02 spaces", "spaces are kept, wherever they stand", [], spaces),
        case!("c10-03 percent", "percent signs are kept and never decoded", [], percent),
        case!("c10-04 cjk", "Chinese, Japanese and Korean are kept", [], cjk),
        case!("c10-05 emoji", "emoji are kept", [], emoji),
        case!("c10-06 odd-signs", "other odd signs are kept, or refused whole", [], odd_signs),
        case!(
            "c10-07 near-escapes",
            "what looks like a way out is kept, or refused whole",
            [],
            near_escapes
        ),
        case!("c10-08 paths", "what no segment of a path can hold is refused", [], paths),
        case!("c10-09 long-ids", "ids of every length are kept, or refused whole", [], long_ids),
        case!(
            "c10-10 refused-everywhere",
            "an id that is refused is refused by every call",
            [],
            everywhere
        ),
        case!("c10-11 look-alikes", "ids that look alike stay apart", [], look_alikes),
        case!(
            "c10-12 file-names",
            "ids that are names of files are ids all the same",
            [],
            file_names
        ),
        case!("c10-13 in-order", "odd ids are listed in the order of their text", [], in_order),
        case!("c10-14 negative-ids", "negative ids are not stored", [], negative),
        case!(
            "c10-15 negative-imports",
            "negative ids that Java wrote are read and deleted",
            [IMPORT],
            imports
        ),
    ]
}

/// Whether a job id was kept: then exactly as it is. If it was refused, nothing was touched.
async fn is_kept(storage: &Storage, id: &str) -> Check<bool> {
    let job = JobId::new(id)?;
    let before = storage.jobs().await?;
    let states = states_of(1, 1);
    let stored = storage.store(PipelineState::new(job.clone(), 1, 1, states)).await;
    let entry = match stored {
        Ok(entry) => entry,
        refusal => {
            refused(refusal, &[ErrorKind::InvalidInput], &format!("storing for job {id:.40?}"))?;
            ensure_eq!(storage.jobs().await?, before, "the jobs after {id:.40?} was refused");
            return Ok(false);
        }
    };
    ensure_eq!(entry.job_id.as_str(), id, "the job that was stored to");
    ensure_eq!(listed_of(storage, &job).await?, [entry.name], "the listing of {id:.40?}");
    ensure!(storage.jobs().await?.contains(&job), "the jobs lack {id:.40?}");
    ensure_all_read(storage, &[entry]).await?;
    Ok(true)
}

/// Ends the case unless all ids are kept, apart from each other, and can be deleted one by one.
async fn ensure_kept(context: &Context, ids: &[&str]) -> Check {
    let storage = context.open().await?;
    for id in ids {
        ensure!(is_kept(&storage, id).await?, "the job id {id:?} was refused");
    }
    ensure_apart(&context.reopen(storage).await?, ids).await
}

/// The same of those that are kept at all.
async fn ensure_kept_or_refused(context: &Context, ids: &[&str]) -> Check {
    let storage = context.open().await?;
    let mut kept = Vec::new();
    for id in ids {
        if is_kept(&storage, id).await? {
            kept.push(*id);
        }
    }
    ensure_apart(&context.reopen(storage).await?, &kept).await
}

/// Each of these jobs has one checkpoint; deletes them one by one.
async fn ensure_apart(storage: &Storage, ids: &[&str]) -> Check {
    let mut left: Vec<_> = ids.iter().map(|id| job_called(id)).collect();
    left.sort_unstable();
    while let Some(job) = left.pop() {
        ensure_eq!(listed_of(storage, &job).await?.len(), 1, "how many are listed of {job:?}");
        let report = storage.delete_job(&job).await?;
        ensure_eq!(report.deleted.len(), 1, "how many were deleted of {job:?}");
        ensure_eq!(storage.jobs().await?, left, "the jobs after {job:?} was deleted");
    }
    Ok(())
}

async fn java_ids(context: &Context) -> Check {
    ensure_kept(context, &["1", "0", "865405612345123456", "9223372036854775807", "-1"]).await
}

async fn spaces(context: &Context) -> Check {
    ensure_kept(context, &[" ", "  ", "a b", " a", "a ", "a  b", "\u{3000}"]).await
}

async fn percent(context: &Context) -> Check {
    ensure_kept(context, &["%", "%%", "100%", "%20", "%2F", "a%20b", "%zz", "a b"]).await
}

async fn cjk(context: &Context) -> Check {
    ensure_kept(context, &["任务-1", "ジョブ", "작업", "𠀀", "任务 1"]).await
}

async fn emoji(context: &Context) -> Check {
    ensure_kept(context, &["😀", "a b%2F;x😀", "👩‍👩‍👧", "🇨🇳"]).await
}

async fn odd_signs(context: &Context) -> Check {
    let ids = [
        ":",
        "a:b",
        "\\",
        "a\\b",
        "*",
        "?",
        "\"",
        "'",
        "<>",
        "|",
        "&",
        ";",
        "#",
        "?a=b",
        "~",
        "$HOME",
        "`id`",
        "$(id)",
        "-rf",
        "--help",
        "...",
        ".hidden",
        "a.",
        "a\nb",
        "a\rb",
        "\t",
        "\u{1}",
        "\u{7f}",
        "\u{202e}abc",
        "\u{feff}",
        "CON",
        "nul",
        "@",
        "=",
        "+",
        "!",
        "{}",
        "[a]",
        "(a)",
        "a,b",
        "^",
        "_",
        "_SUCCESS",
    ];
    ensure_kept_or_refused(context, &ids).await
}

async fn near_escapes(context: &Context) -> Check {
    let ids = [
        "..%2f",
        "%2e%2e",
        "..%00",
        "..\\",
        "..\\..\\a",
        "....",
        ". .",
        ".. ",
        " ..",
        "..;",
        "\\..",
        "file:",
        "s3a:",
        "..\u{2215}a",
        "\u{ff0e}\u{ff0e}",
        "\u{2025}",
    ];
    ensure_kept_or_refused(context, &ids).await
}

async fn paths(context: &Context) -> Check {
    let storage = context.open().await?;
    for id in ["", ".", "..", "/", "a/b", "/a", "a/", "../a", "a/../b", "a\0b", "\0"] {
        let job = JobId::new(id);
        refused(job, &[ErrorKind::InvalidInput], &format!("the job id {id:?}"))?;
    }
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    Ok(())
}

async fn long_ids(context: &Context) -> Check {
    let ids: Vec<String> = [64, 200, 254, 255, 256, 300, 1023, 1024, 4096, 70_000]
        .into_iter()
        .map(|len| "x".repeat(len))
        .chain([84, 85, 86, 1000].into_iter().map(|len| "任".repeat(len)))
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let storage = context.open().await?;
    ensure!(is_kept(&storage, ids[0]).await?, "a job id of 64 letters was refused");
    storage.delete_job(&job_called(ids[0])).await?;
    ensure_kept_or_refused(context, &ids).await
}

async fn everywhere(context: &Context) -> Check {
    let storage = context.open().await?;
    let long = "x".repeat(70_000);
    if is_kept(&storage, &long).await? {
        return Err(Failure::Unsupported("it keeps job ids of any length".to_owned()));
    }
    let (job, name) = (job_called(&long), name_at(1, 1, 1));
    let kinds = [ErrorKind::InvalidInput];
    refused(storage.list(&job, &ListQuery::all()).await, &kinds, "list")?;
    refused(storage.read(&job, &name).await, &kinds, "read")?;
    refused(storage.delete_names(&job, &[name]).await, &kinds, "delete")?;
    refused(storage.delete_job(&job).await, &kinds, "delete job")?;
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    Ok(())
}

async fn look_alikes(context: &Context) -> Check {
    let ids = [
        "a", "A", "a ", "a.", "a\u{301}", "á", "0", "00", "1", "01", "1.0", "+1", "ﬁ", "fi",
        "\u{ff41}", "k", "\u{212a}",
    ];
    ensure_kept_or_refused(context, &ids).await
}

async fn file_names(context: &Context) -> Check {
    let name = name_at(1_700_000_000_000, 1, 1).to_string();
    let ids = [
        name.clone(),
        format!(".{name}.00000000000000ff.tmp"),
        format!(".{name}.crc"),
        format!("{name}.quarantined"),
        format!("{name}tmp"),
        ".probe.00000000000000ff.tmp".to_owned(),
        "checkpoints.db".to_owned(),
    ];
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ensure_kept(context, &ids).await
}

async fn in_order(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut jobs: Vec<_> = ["z", "😀", "任务", " ", "%", "10", "9", "a b", "Z", "é"]
        .into_iter()
        .map(job_called)
        .collect();
    for job in &jobs {
        store_in(&storage, job, 1, 1).await?;
    }
    jobs.sort_unstable();
    ensure_eq!(storage.jobs().await?, jobs, "the jobs");
    Ok(())
}

async fn negative(context: &Context) -> Check {
    let storage = context.open().await?;
    for (pipeline, checkpoint) in [(-1, 1), (1, -1), (i32::MIN, i64::MIN), (-1, -1), (0, i64::MIN)]
    {
        let state = PipelineState::new(job(), pipeline, checkpoint, "states");
        let what = format!("storing pipeline {pipeline}, checkpoint {checkpoint}");
        refused(storage.store(state).await, &[ErrorKind::InvalidInput], &what)?;
    }
    ensure_eq!(storage.jobs().await?, [], "the jobs");
    store(&storage, 0, 0).await.map(drop)
}

async fn imports(context: &Context) -> Check {
    let storage = context.open().await?;
    let mut stored = Vec::new();
    for (at, (pipeline, checkpoint)) in (0..).zip([(-1, 5), (3, -1), (i32::MIN, i64::MIN)]) {
        let name = name_at(1_700_000_000_000 + at, pipeline, checkpoint);
        stored.push(import(&storage, name).await?);
    }
    ensure_eq!(listed(&storage).await?, names(&stored), "the listing");
    ensure_all_read(&storage, &stored).await?;
    let latest = storage.latest_of_pipeline(&job(), -1).await?;
    ensure_eq!(latest.map(|latest| latest.entry.name), Some(stored[0].name), "the latest of -1");
    let report = storage.delete_checkpoint(&job(), i32::MIN, i64::MIN).await?;
    ensure_eq!(report.deleted, [stored[2].name], "what was deleted");
    ensure_eq!(listed(&storage).await?, names(&stored[..2]), "what is left");
    Ok(())
}
