//! Two tools, written on the Astrid SDK.

use astrid_sdk::prelude::*;
use astrid_sdk::schemars;
use serde::Deserialize;

#[derive(Default)]
struct Hello;

/// Whom to greet.
#[derive(Deserialize, schemars::JsonSchema)]
struct Greeting {
    name: String,
}

/// What to count in.
#[derive(Deserialize, schemars::JsonSchema)]
struct Text {
    text: String,
}

#[capsule]
impl Hello {
    /// Greets somebody by name.
    #[astrid::tool("greet")]
    fn greet(&self, to: Greeting) -> Result<String, SysError> {
        Ok(format!("Hello, {}!", to.name))
    }

    /// Counts the words of a text.
    #[astrid::tool("count_words")]
    fn count_words(&self, of: Text) -> Result<String, SysError> {
        Ok(of.text.split_whitespace().count().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greets_by_name() {
        let said = Hello.greet(Greeting { name: "Ada".into() });
        assert_eq!(said.unwrap(), "Hello, Ada!");
    }

    #[test]
    fn counts_words() {
        for (text, count) in [("", "0"), ("one", "1"), (" one\n two ", "2")] {
            let said = Hello.count_words(Text { text: text.into() });
            assert_eq!(said.unwrap(), count, "{text:?}");
        }
    }
}
