//! Deleting, many objects in one request.

use std::collections::HashMap;

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use checkpoint_storage_api::{Error, Outcome, Result};
use futures_util::StreamExt as _;
use tracing::debug;

use super::{Bucket, Target};
use crate::client::Attempts;
use crate::failure::Cause;
use crate::keys::fits_xml;

const DELETE: &str = "delete";
/// What the server takes in one request.
const BATCH_LEN: usize = 1000;
/// How many requests are under way at once where each deletes one object.
const SINGLES_AT_ONCE: usize = 8;

impl Bucket {
    /// Deletes objects; one answer per key, in their order. An error only if none could be tried.
    pub(crate) async fn delete(&self, keys: &[String]) -> Result<Vec<Result<()>>> {
        let mut answers = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH_LEN) {
            match self.delete_batch(batch).await {
                Ok(of_batch) => answers.extend(of_batch),
                Err(error) if answers.is_empty() => return Err(error),
                Err(error) => answers.extend(batch.iter().map(|_| Err(again(&error)))),
            }
        }
        Ok(answers)
    }

    async fn delete_batch(&self, keys: &[String]) -> Result<Vec<Result<()>>> {
        if let [key] = keys {
            return Ok(vec![self.delete_one(key).await]);
        }
        if !keys.iter().all(|key| fits_xml(key)) {
            return Ok(self.delete_singly(keys).await);
        }
        match self.delete_together(keys).await {
            Ok(failed) => Ok(keys
                .iter()
                .map(|key| match failed.get(key) {
                    Some(cause) => Err(self.undeleted(key, cause.clone())),
                    None => Ok(()),
                })
                .collect()),
            Err(cause) if cause.is_foreign_request() => {
                debug!("the server does not delete many objects in one request");
                Ok(self.delete_singly(keys).await)
            }
            Err(cause) => {
                let directory = keys.first().map(String::as_str).unwrap_or_default();
                Err(self.undeleted(directory, cause))
            }
        }
    }

    /// What could not be deleted, and why; what may pass is tried again.
    async fn delete_together(&self, keys: &[String]) -> Result<HashMap<String, Cause>, Cause> {
        let mut delays = self.delays();
        let mut left = keys.to_vec();
        let mut failed = HashMap::new();
        loop {
            let answers = match self.send_delete(&left).await {
                Ok(answers) => answers,
                Err(cause) if left.len() == keys.len() => return Err(cause),
                Err(cause) => left.drain(..).map(|key| (key, cause.clone())).collect(),
            };
            let (passing, lasting): (HashMap<_, _>, HashMap<_, _>) =
                answers.into_iter().partition(|(_, cause)| cause.is_passing());
            failed.extend(lasting);
            match delays.next().filter(|_| !passing.is_empty()) {
                Some(delay) => tokio::time::sleep(delay).await,
                None => {
                    failed.extend(passing);
                    return Ok(failed);
                }
            }
            left = passing.into_keys().collect();
        }
    }

    async fn send_delete(&self, keys: &[String]) -> Result<HashMap<String, Cause>, Cause> {
        let identifier = |key: &String| ObjectIdentifier::builder().key(key).build();
        let objects = keys.iter().map(identifier).collect::<Result<_, _>>();
        let delete = objects
            .and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build())
            .map_err(|error| Cause::of_body(&error))?;
        let _place = self.place().await;
        let request = self.client.delete_objects().bucket(self.keys.bucket()).delete(delete);
        let output = request.send().await.map_err(|error| Cause::of(&error))?;
        let failed = output.errors().iter().map(|error| {
            let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
            (text(error.key()), Cause::of_key(text(error.code()), text(error.message())))
        });
        Ok(failed.collect())
    }

    async fn delete_singly(&self, keys: &[String]) -> Vec<Result<()>> {
        let deletes: Vec<_> = keys.iter().map(|key| self.delete_one(key)).collect();
        futures_util::stream::iter(deletes).buffered(SINGLES_AT_ONCE).collect().await
    }

    pub(super) async fn delete_one(&self, key: &str) -> Result<()> {
        let attempts = Attempts::default();
        let _place = self.place().await;
        let request = self.client.delete_object().bucket(self.keys.bucket()).key(key);
        match request.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => Ok(()),
            Err(error) => match Cause::of(&error) {
                cause if cause.is_no_object() => Ok(()),
                cause => {
                    let target = Target { operation: DELETE, key: key.to_owned() };
                    let error = self.caused(&target, cause);
                    Err(match attempts.may_have_succeeded() {
                        true => error.with_outcome(Outcome::Unknown),
                        false => error,
                    })
                }
            },
        }
    }

    fn undeleted(&self, key: &str, cause: Cause) -> Error {
        let is_open = cause.leaves_open();
        let error = self.caused(&Target { operation: DELETE, key: key.to_owned() }, cause);
        if is_open { error.with_outcome(Outcome::Unknown) } else { error }
    }
}

/// The same error once more.
fn again(error: &Error) -> Error {
    Error::new(error.kind(), DELETE, error.reason())
        .with_subject(error.subject())
        .with_advice(error.advice().unwrap_or_default())
        .with_outcome(error.outcome())
        .with_retryable(error.is_retryable())
}
