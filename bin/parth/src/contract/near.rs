//! Names like one that does not exist, for messages.

/// `; did you mean …?` with the names nearest to a text, at most three; empty when none is near.
pub(crate) fn near<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> String {
    let text: Vec<char> = text.chars().take(64).collect();
    let names: Vec<(usize, &str)> =
        names.map(|name| (distance(&text, &name.chars().collect::<Vec<_>>()), name)).collect();
    let best = names.iter().map(|(distance, _)| *distance).min().unwrap_or(usize::MAX);
    if best > 2 || best >= text.len() {
        return String::new();
    }
    let nearest = names.iter().filter(|(distance, _)| *distance == best).map(|(_, name)| *name);
    format!("; did you mean {}?", nearest.take(3).collect::<Vec<_>>().join(" or "))
}

/// How many characters to change, add or leave out.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let kept = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_by_at_most_two_characters_are_near() {
        let names = ["increment", "catchUp", "get"];
        assert_eq!(near("incremnt", names.into_iter()), "; did you mean increment?");
        assert_eq!(near("got", names.into_iter()), "; did you mean get?");
        assert_eq!(near("withdraw", names.into_iter()), "");
        assert_eq!(near("", names.into_iter()), "");
    }
}
