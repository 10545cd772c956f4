#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checkpoint_storage_tests::properties::configuration(
    bytes
));
