use aws_sdk_s3::primitives::SdkBody;

use super::*;

fn at_server(status: u16, code: &str) -> Cause {
    Cause { status: Some(status), code: code.to_owned(), ..Cause::default() }
}

fn response(status: u16, content_type: &'static str, body: &'static str) -> HttpResponse {
    let status = status.try_into().expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", content_type);
    response
}

#[test]
fn a_missing_object_is_not_a_missing_bucket_or_a_page() {
    for (status, code, expected) in
        [(404, "NoSuchKey", true), (404, "", false), (404, "NoSuchBucket", false), (403, "", false)]
    {
        assert_eq!(at_server(status, code).is_no_object(), expected, "{status} {code}");
        assert_eq!(at_server(status, code).is_no_object_by_head(), expected, "{status} {code}");
    }
    for (response, expected) in [
        (response(404, "", ""), true),
        (response(404, "text/html", ""), false),
        (response(404, "text/plain", "not here"), false),
        (response(403, "", ""), false),
    ] {
        let cause = Cause::of_response(&response);
        assert!(!cause.is_no_object(), "only HEAD has no code");
        assert_eq!(cause.is_no_object_by_head(), expected, "{response:?}");
    }
}

#[test]
fn what_may_pass_and_what_may_be_done_are_two_things() {
    for (cause, is_passing, leaves_open) in [
        (at_server(503, "SlowDown"), true, false),
        (at_server(503, ""), true, true),
        (at_server(500, "InternalError"), true, true),
        (at_server(409, "ConditionalRequestConflict"), true, false),
        (at_server(403, "AccessDenied"), false, false),
        (at_server(403, "AccessDenied").left_open(true), false, true),
        (at_server(403, "AccessDenied").left_open(true).left_open(false), false, true),
        (Cause::broken_off(), true, true),
        (Cause::foreign("a page"), false, true),
        (Cause { status: Some(404), ..Cause::foreign("a page") }, false, false),
        (at_server(429, ""), true, false),
        (Cause::unsent(&std::fmt::Error), false, false),
        (Cause { failed: Failed::Silent, ..Cause::default() }, true, true),
        (Cause { failed: Failed::WithoutCredentials, ..Cause::default() }, false, false),
    ] {
        assert_eq!(cause.is_passing(), is_passing, "{cause:?}");
        assert_eq!(cause.leaves_open(), leaves_open, "{cause:?}");
    }
}

#[test]
fn an_answer_without_a_code_is_s3_s_unless_it_says_otherwise() {
    let cause = Cause::default();
    for (response, expected) in [
        (response(200, "application/xml", "<x/>"), true),
        (response(404, "application/xml", ""), true),
        (response(404, "text/plain", "not here"), true),
        (response(404, "text/html", ""), true),
        (response(403, "text/html", "<html>"), true),
        (response(403, "application/xml", ""), false),
        (response(503, "text/html", "<html>"), false),
        (response(307, "text/html", "<html>"), false),
    ] {
        assert_eq!(cause.is_foreign(Some(&response)), expected, "{response:?}");
    }
    let page = response(403, "text/html", "<html>");
    assert!(!at_server(403, "AccessDenied").is_foreign(Some(&page)));
}

#[test]
fn an_error_says_what_was_done_and_whether_that_is_known() {
    let route = Route { server: "http://minio".to_owned(), ..Route::default() };
    let cause = at_server(503, "SlowDown").after("it was copied");
    let error = cause.clone().into_error_of_change("move", "s3a://b/k", &route);
    assert!(error.reason().starts_with("it was copied: http://minio answered"), "{error}");
    assert_eq!(error.outcome(), Outcome::NotApplied);
    let error = cause.left_open(true).into_error_of_change("move", "s3a://b/k", &route);
    assert_eq!(error.outcome(), Outcome::Unknown);
}
