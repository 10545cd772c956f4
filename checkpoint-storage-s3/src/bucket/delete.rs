//! Deleting, many objects in one request.

use std::collections::{HashMap, HashSet};

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use checkpoint_storage_api::{Error, Result};
use futures_util::StreamExt as _;
use tracing::debug;

use super::{Bucket, Target};
use crate::client::Attempts;
use crate::failure::Cause;
use crate::keyspace::fits_xml;
use crate::waits;

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
                Err(cause) => {
                    let error = |key: &String| self.undeleted(&of_delete(key), cause.clone());
                    match batch.first().filter(|_| answers.is_empty()) {
                        Some(first) => return Err(error(first)),
                        None => answers.extend(batch.iter().map(error).map(Err)),
                    }
                }
            }
        }
        Ok(answers)
    }

    /// One answer per key, or why none of them could be tried.
    async fn delete_batch(&self, keys: &[String]) -> Result<Vec<Result<()>>, Cause> {
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
                    Some(cause) => Err(self.undeleted(&of_delete(key), cause.clone())),
                    None => Ok(()),
                })
                .collect()),
            Err(cause) if cause.is_foreign_request() => {
                debug!("the server does not delete many objects in one request");
                Ok(self.delete_singly(keys).await)
            }
            Err(cause) => Err(cause),
        }
    }

    /// What could not be deleted, and why; what may pass is tried again.
    async fn delete_together(&self, keys: &[String]) -> Result<HashMap<String, Cause>, Cause> {
        let mut pauses = waits::pauses(self.attempts);
        let mut left = keys.to_vec();
        let mut passing = HashMap::new();
        let mut failed = HashMap::new();
        loop {
            let answers = match self.send_delete(&left).await {
                Ok(answers) => answers,
                Err(cause) if passing.is_empty() => return Err(cause),
                Err(cause) => left.drain(..).map(|key| (key, cause.clone())).collect(),
            };
            let (may_pass, lasting) = since(&passing, answers)
                .into_iter()
                .partition::<HashMap<_, _>, _>(|(_, cause)| cause.is_passing());
            failed.extend(lasting);
            passing = may_pass;
            match pauses.next().filter(|_| !passing.is_empty()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => {
                    failed.extend(passing);
                    return Ok(failed);
                }
            }
            left = passing.keys().cloned().collect();
        }
    }

    async fn send_delete(&self, keys: &[String]) -> Result<HashMap<String, Cause>, Cause> {
        let identifier = |key: &String| ObjectIdentifier::builder().key(key).build();
        let objects = keys.iter().map(identifier).collect::<Result<_, _>>();
        let delete = objects
            .and_then(|objects| Delete::builder().set_objects(Some(objects)).build())
            .map_err(|error| Cause::unsent(&error))?;
        let attempts = Attempts::default();
        let _permit = self.permit().await;
        let request = self.client.delete_objects().bucket(self.keyspace.bucket()).delete(delete);
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        let was_open = attempts.may_have_succeeded();
        let output = sent.map_err(|error| Cause::of(&error).left_open(was_open))?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let errors: HashMap<_, _> = output.errors().iter().map(|it| (it.key(), it)).collect();
        let deleted: HashSet<_> = output.deleted().iter().map(|it| it.key()).collect();
        let failed = keys.iter().filter(|key| !deleted.contains(&Some(key.as_str())));
        let causes = failed.map(|key| {
            let cause = match errors.get(&Some(key.as_str())) {
                Some(error) => Cause::of_key(text(error.code()), text(error.message())),
                // Neither deleted nor refused: the answer is not of what was asked.
                None => Cause::foreign("no word of a key that was named").left_open(true),
            };
            (key.clone(), cause.left_open(was_open))
        });
        Ok(causes.collect())
    }

    async fn delete_singly(&self, keys: &[String]) -> Vec<Result<()>> {
        let deletes: Vec<_> = keys.iter().map(|key| self.delete_one(key)).collect();
        futures_util::stream::iter(deletes).buffered(SINGLES_AT_ONCE).collect().await
    }

    pub(super) async fn delete_one(&self, key: &str) -> Result<()> {
        self.remove(key).await.map_err(|cause| self.undeleted(&of_delete(key), cause))
    }

    /// Removes an object; that there is none is as good.
    pub(super) async fn remove(&self, key: &str) -> Result<(), Cause> {
        let attempts = Attempts::default();
        let _permit = self.permit().await;
        let request = self.client.delete_object().bucket(self.keyspace.bucket()).key(key);
        match request.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => Ok(()),
            Err(error) => match Cause::of(&error) {
                cause if cause.is_no_object() => Ok(()),
                cause => Err(cause.left_open(attempts.may_have_succeeded())),
            },
        }
    }

    /// The error of an object that was not deleted, as far as is known.
    pub(super) fn undeleted(&self, target: &Target, cause: Cause) -> Error {
        let url = self.keyspace.url(&target.key);
        cause.into_error_of_change(target.operation, url, &self.route)
    }
}

fn of_delete(key: &str) -> Target {
    Target { operation: DELETE, key: key.to_owned() }
}

/// Answers that came after others, which may have left open what was done.
fn since(
    before: &HashMap<String, Cause>,
    answers: HashMap<String, Cause>,
) -> HashMap<String, Cause> {
    let left_open = |(key, cause): (String, Cause)| {
        let was_open = before.get(&key).is_some_and(Cause::leaves_open);
        (key, cause.left_open(was_open))
    };
    answers.into_iter().map(left_open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_left_open_stays_open() {
        let answers = |rows: &[(&str, &str)]| {
            let row = |(key, code): &(&str, &str)| {
                ((*key).to_owned(), Cause::of_key((*code).to_owned(), String::new()))
            };
            rows.iter().map(row).collect::<HashMap<_, _>>()
        };
        let first = since(&HashMap::new(), answers(&[("a", "InternalError"), ("b", "SlowDown")]));
        let second = since(&first, answers(&[("a", "SlowDown"), ("b", "SlowDown")]));
        let third = since(&second, answers(&[("a", "AccessDenied"), ("b", "AccessDenied")]));
        for round in [first, second, third] {
            assert!(round["a"].leaves_open() && !round["b"].leaves_open(), "{round:?}");
        }
    }
}
