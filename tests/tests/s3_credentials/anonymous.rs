//! A bucket that everybody may use.

use serde_json::json;

use crate::place::{FAILED, PROVIDER, Place, block_on};

#[test]
fn a_public_bucket_needs_no_key() {
    let Some(place) = Place::new() else { return };
    place.configure(&[(PROVIDER, "org.apache.hadoop.fs.s3a.AnonymousAWSCredentialsProvider")]);
    place.refused(&[], FAILED, &["AccessDenied", "allow s3:ListBucket"]);

    let bucket = place.bucket();
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": ["*"] },
            "Action": ["s3:ListBucket", "s3:GetObject", "s3:PutObject"],
            "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        }],
    });
    let client = place.server().client();
    let put = client.put_bucket_policy().bucket(bucket).policy(policy.to_string());
    block_on(put.send()).expect("the policy is set");
    place.stores(&[]);
}
