//! What the worker says over HTTP: its report, and how far it is behind.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};

use super::settings::RELEASE;
use crate::app::report::Report;
use crate::model::{PerSide, Side};

/// A worker's address, as a client knows it.
#[derive(Clone)]
pub struct Page {
    client: reqwest::Client,
    base: String,
}

impl Page {
    /// A client of a worker.
    ///
    /// # Errors
    /// The client cannot be made.
    pub fn new(address: SocketAddr) -> Result<Self> {
        // The program installs it at its start; tests and libraries may not have.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()
            .context("set up the HTTP client")?;
        Ok(Self {
            client,
            base: format!("http://{address}"),
        })
    }

    /// The address, for people.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.base
    }

    /// The report as it stands; `None` before there is one.
    pub async fn report(&self) -> Option<Report> {
        let url = format!("{}/api/v1/releases/{RELEASE}/report", self.base);
        serde_json::from_str(&self.get(&url).await?).ok()
    }

    /// Records between the worker and the ends of the logs.
    pub async fn lag(&self) -> PerSide<Option<u64>> {
        let text = self.get(&format!("{}/metrics", self.base)).await.unwrap_or_default();
        PerSide {
            baseline: lag(&text, Side::Baseline),
            canary: lag(&text, Side::Canary),
        }
    }

    async fn get(&self, url: &str) -> Option<String> {
        let response = self.client.get(url).send().await.ok()?;
        response.error_for_status().ok()?.text().await.ok()
    }
}

fn lag(metrics: &str, side: Side) -> Option<u64> {
    let label = format!("side=\"{side}\"");
    let line = metrics
        .lines()
        .find(|line| line.starts_with("crosscheck_lag_records{") && line.contains(&label))?;
    let value = line.rsplit(' ').next()?;
    value.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_found() {
        let text = "# TYPE crosscheck_lag_records gauge\n\
                    crosscheck_lag_records{stream=\"s\",side=\"baseline\"} 12\n\
                    crosscheck_lag_records{stream=\"s\",side=\"canary\"} 7.0\n";
        assert_eq!(lag(text, Side::Baseline), Some(12));
        assert_eq!(lag(text, Side::Canary), Some(7));
        assert_eq!(lag("", Side::Canary), None);
    }
}
