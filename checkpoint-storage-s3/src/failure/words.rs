//! The words of others, fit for an error.

/// How much of them is told, in characters.
const MAX_LEN: usize = 300;

/// What was said, in one line that is not too long, without the point at its end.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let words = words.join(" ");
    match words.char_indices().nth(MAX_LEN) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words.trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut_and_stay_in_one_line() {
        assert_eq!(one_line(" two\r\n\u{1}lines. "), "two lines");
        assert_eq!(one_line(""), "");
        let most = "ü".repeat(MAX_LEN);
        assert_eq!(one_line(&most), most);
        assert_eq!(one_line(&"ü".repeat(MAX_LEN + 1)), most + "…");
    }
}
