//! What s3s-fs 0.14 does otherwise than S3: names in listings, keys that it cannot store, and two
//! that create one object at the same time.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use checkpoint_storage_api::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

/// Keeps the name of a file that s3s-fs makes beside an object, with the key as base64 in it, below
/// 255 bytes. S3 allows 1024, MinIO 255 for each part of a path.
const LONGEST_KEY: usize = 112;

/// What a listing with `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// s3s-fs, closer to S3.
pub(super) struct Mended {
    files: FileSystem,
    /// Which keys are being created, each with its bucket.
    creating: Mutex<HashSet<(String, String)>>,
}

impl Mended {
    pub(super) fn new(files: FileSystem) -> Self {
        Self { files, creating: Mutex::default() }
    }

    /// Claims a key for who creates it, until the claim is dropped. As on S3, another who creates it
    /// meanwhile is told so: s3s-fs would let both win.
    fn claim(
        &self,
        bucket: &str,
        key: &str,
        condition: Option<&ETagCondition>,
    ) -> S3Result<Claim<'_>> {
        if condition.is_none_or(|condition| !condition.is_any()) {
            return Ok(Claim(self, None));
        }
        let claimed = (bucket.to_owned(), key.to_owned());
        if self.creating().insert(claimed.clone()) {
            Ok(Claim(self, Some(claimed)))
        } else {
            Err(s3_error!(ConditionalRequestConflict, "the object is being created"))
        }
    }

    fn creating(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.creating.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Claim<'a>(&'a Mended, Option<(String, String)>);

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(claimed) = &self.1 {
            self.0.creating().remove(claimed);
        }
    }
}

fn ensure_storable(key: &str) -> S3Result<()> {
    if key.len() > LONGEST_KEY {
        return Err(s3_error!(KeyTooLongError, "the key has more than {LONGEST_KEY} bytes"));
    }
    Ok(())
}

fn encode(text: &mut Option<String>) {
    if let Some(text) = text {
        *text = utf8_percent_encode(text, PLAIN).to_string();
    }
}

/// Implements `S3`: what passes as s3s-fs does, and what is mended.
macro_rules! s3 {
    (passes { $($name:ident($input:ident) -> $output:ident;)* } mended { $($mended:item)* }) => {
        #[async_trait]
        impl S3 for Mended {
            $(async fn $name(&self, request: S3Request<$input>) -> S3Result<S3Response<$output>> {
                self.files.$name(request).await
            })*
            $($mended)*
        }
    };
}

s3! {
    passes {
        create_bucket(CreateBucketInput) -> CreateBucketOutput;
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
        list_buckets(ListBucketsInput) -> ListBucketsOutput;
        get_object(GetObjectInput) -> GetObjectOutput;
        head_object(HeadObjectInput) -> HeadObjectOutput;
        copy_object(CopyObjectInput) -> CopyObjectOutput;
        delete_object(DeleteObjectInput) -> DeleteObjectOutput;
        delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
        upload_part(UploadPartInput) -> UploadPartOutput;
        list_parts(ListPartsInput) -> ListPartsOutput;
        abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
    }

    mended {
        async fn put_object(
            &self,
            request: S3Request<PutObjectInput>,
        ) -> S3Result<S3Response<PutObjectOutput>> {
            let PutObjectInput { bucket, key, if_none_match, .. } = &request.input;
            ensure_storable(key)?;
            let _claim = self.claim(bucket, key, if_none_match.as_ref())?;
            self.files.put_object(request).await
        }

        async fn create_multipart_upload(
            &self,
            request: S3Request<CreateMultipartUploadInput>,
        ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
            ensure_storable(&request.input.key)?;
            self.files.create_multipart_upload(request).await
        }

        async fn complete_multipart_upload(
            &self,
            request: S3Request<CompleteMultipartUploadInput>,
        ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
            let CompleteMultipartUploadInput { bucket, key, if_none_match, .. } = &request.input;
            let _claim = self.claim(bucket, key, if_none_match.as_ref())?;
            self.files.complete_multipart_upload(request).await
        }

        async fn list_objects_v2(
            &self,
            request: S3Request<ListObjectsV2Input>,
        ) -> S3Result<S3Response<ListObjectsV2Output>> {
            let mut response = self.files.list_objects_v2(request).await?;
            let listed = &mut response.output;
            if listed.encoding_type.is_some() {
                listed.contents.iter_mut().flatten().for_each(|object| encode(&mut object.key));
                let prefixes = listed.common_prefixes.iter_mut().flatten();
                prefixes.for_each(|common| encode(&mut common.prefix));
                encode(&mut listed.prefix);
                encode(&mut listed.start_after);
                encode(&mut listed.delimiter);
            }
            Ok(response)
        }
    }
}
