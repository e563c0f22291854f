//! Pages of the web.

use astrid_sdk::http;
use astrid_sdk::prelude::*;
use astrid_sdk::schemars::{self, JsonSchema};
use serde::Deserialize;

#[derive(Default)]
struct Pages;

/// Which page.
#[derive(Deserialize, JsonSchema)]
struct Page {
    url: String,
}

#[capsule]
impl Pages {
    /// Tells the title of a page.
    #[astrid::tool("page_title")]
    fn page_title(&self, page: Page) -> Result<String, SysError> {
        let response = http::send(&http::Request::get(page.url))?;
        if response.status() != 200 {
            return Err(SysError::ApiError(format!("the server answers {}", response.status())));
        }
        let text = response.text()?;
        let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        Ok(title.map_or("(no title)", |(title, _)| title.trim()).to_owned())
    }
}
