//! Seeded noise: independent bad records, bursts of them, and differences that remember.

/// Splitmix64 (Steele, Lea and Flood 2014), and what is drawn from it.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Noise(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    pub fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Arrivals of rate 1 in `mean`.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        let (mut time, mut count) = (self.exponential(), 0);
        while time < mean {
            count += 1;
            time += self.exponential();
        }
        count
    }

    /// 1, 2, … with this mean.
    pub fn geometric(&mut self, mean: f64) -> u64 {
        if mean <= 1.0 {
            return 1;
        }
        1 + whole(self.exponential() / -(1.0 - 1.0 / mean).ln())
    }
}

/// The whole part of a number that is not negative.
#[expect(clippy::cast_possible_truncation, reason = "small numbers of a simulation")]
pub fn whole(number: f64) -> u64 {
    number as u64
}

/// Bad records of each window: bursts with geometric sizes of a mean, each spread evenly over a number of windows.
pub struct Bursts {
    pub mean_size: f64,
    pub windows: f64,
    /// Bad records a window on average.
    pub bad: f64,
}

impl Bursts {
    pub fn series(&self, count: usize, noise: &mut Noise) -> Vec<u64> {
        let mut series = vec![0; count];
        // From before the first window, so that it is as full as the others.
        let mut start = -self.windows;
        loop {
            start += noise.exponential() * self.mean_size / self.bad;
            if start >= count as f64 {
                return series;
            }
            for _ in 0..noise.geometric(self.mean_size) {
                let at = start + noise.uniform() * self.windows;
                if at >= 0.0 && at < count as f64 {
                    series[usize::try_from(whole(at)).unwrap()] += 1;
                }
            }
        }
    }
}
