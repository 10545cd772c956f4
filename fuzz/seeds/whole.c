// A library that the host would load: a manifest, and the first bytes of a root module.
#define TEXT "name=seed\nversion=1.0.0\napi=1.0.0\nstorage-type=seed\nscheme=seed\n"

const struct {
    char magic[8];
    unsigned len;
    char text[sizeof TEXT - 1];
} CKPT_PLUGIN_MANIFEST = {"CKPTPLG1", sizeof TEXT - 1, TEXT};

const struct {
    char magic[32];
    unsigned major, minor;
} CKPT_PLUGIN_ROOT = {"abi stable library for Rust     ", 0, 11};
