//! tech:image/transforms in Rust: the same results as transforms.cc, byte for byte.

wit_bindgen::generate!({ world: "processor", path: "../image.wit" });

use exports::tech::image::transforms::{Guest, Image, ImageFormat, ResizeMode};

const MOST_PIXELS: u64 = 64 << 20;

fn channels(format: ImageFormat) -> usize {
    match format {
        ImageFormat::Gray => 1,
        ImageFormat::Rgb => 3,
        ImageFormat::Rgba => 4,
    }
}

/// Why it is no image.
fn check(image: &Image) -> Result<(), String> {
    let pixels = u64::from(image.width) * u64::from(image.height);
    let bytes = pixels * channels(image.format) as u64;
    if pixels == 0 || pixels > MOST_PIXELS {
        return Err(format!("the image has {pixels} pixels"));
    }
    if bytes != image.pixels.len() as u64 {
        return Err(format!("the image has {} bytes, not {bytes}", image.pixels.len()));
    }
    Ok(())
}

fn tent(distance: f32) -> f32 {
    (1.0 - distance).max(0.0)
}

/// Keys' family of cubic curves; a = -sharp.
fn cubic(d: f32, sharp: f32) -> f32 {
    if d < 1.0 {
        (2.0 - sharp) * d * d * d + (sharp - 3.0) * d * d + 1.0
    } else if d < 2.0 {
        sharp * (-d * d * d + 5.0 * d * d - 8.0 * d + 4.0)
    } else {
        0.0
    }
}

/// Which positions of the source count for one of the target, and how much.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn taps(from: u32, to: u32, reach: f32, kernel: &dyn Fn(f32) -> f32) -> Vec<Taps> {
    let scale = from as f32 / to as f32;
    // What shrinks looks at all pixels that become one.
    let wide = scale.max(1.0);
    let last = from as i32 - 1;
    (0..to)
        .map(|i| {
            let center = (i as f32 + 0.5) * scale - 0.5;
            let low = (center - reach * wide).floor() as i32;
            let high = (center + reach * wide).ceil() as i32;
            let first = low.clamp(0, last) as usize;
            let mut weights = vec![0.0; high.clamp(0, last) as usize - first + 1];
            let mut sum = 0.0;
            for at in low..=high {
                let weight = kernel((at as f32 - center).abs() / wide);
                // What lies outside is as the border.
                weights[at.clamp(0, last) as usize - first] += weight;
                sum += weight;
            }
            weights.iter_mut().for_each(|w| *w /= sum);
            Taps { first, weights }
        })
        .collect()
}

fn resample(source: &Image, width: u32, height: u32, reach: f32, kernel: &dyn Fn(f32) -> f32) -> Image {
    let n = channels(source.format);
    let row = width as usize * n;
    let across = taps(source.width, width, reach, kernel);
    let mut rows = vec![0.0; row * source.height as usize];
    for y in 0..source.height as usize {
        for (x, t) in across.iter().enumerate() {
            for c in 0..n {
                rows[y * row + x * n + c] = t.weights.iter().enumerate().fold(0.0, |sum, (k, w)| {
                    sum + w * f32::from(source.pixels[(y * source.width as usize + t.first + k) * n + c])
                });
            }
        }
    }
    let mut pixels = Vec::with_capacity(row * height as usize);
    for t in taps(source.height, height, reach, kernel) {
        for i in 0..row {
            let sum = t.weights.iter().enumerate().fold(0.0, |sum, (k, w)| sum + w * rows[(t.first + k) * row + i]);
            pixels.push(sum.round().clamp(0.0, 255.0) as u8);
        }
    }
    Image { width, height, format: source.format, pixels }
}

/// The source's pixels that lie nearest to the target's.
fn nearest(source: &Image, width: u32, height: u32) -> Image {
    let n = channels(source.format);
    let middle = |i: u32, from: u32, to: u32| (u64::from(2 * i + 1) * u64::from(from) / (2 * u64::from(to))) as usize;
    let mut pixels = Vec::with_capacity(width as usize * height as usize * n);
    for y in 0..height {
        for x in 0..width {
            let at = (middle(y, source.height, height) * source.width as usize + middle(x, source.width, width)) * n;
            pixels.extend_from_slice(&source.pixels[at..at + n]);
        }
    }
    Image { width, height, format: source.format, pixels }
}

fn to_gray(source: Image) -> Image {
    let n = channels(source.format);
    if n == 1 {
        return source;
    }
    // Rec. 601's luma, in 1/256.
    let luma = |p: &[u8]| ((77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2]) + 128) >> 8) as u8;
    let pixels = source.pixels.chunks_exact(n).map(luma).collect();
    Image { format: ImageFormat::Gray, pixels, ..source }
}

struct Processor;

impl Guest for Processor {
    fn resize(source: Image, width: u32, height: u32, mode: ResizeMode) -> Result<Image, String> {
        check(&source)?;
        if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(format!("cannot make an image of {width} x {height}"));
        }
        match mode {
            ResizeMode::Nearest => Ok(nearest(&source, width, height)),
            ResizeMode::Bilinear => Ok(resample(&source, width, height, 1.0, &tent)),
            ResizeMode::Bicubic(sharp) if (0.0..=1.0).contains(&sharp) => {
                Ok(resample(&source, width, height, 2.0, &|d| cubic(d, sharp)))
            }
            ResizeMode::Bicubic(_) => Err("bicubic takes a sharpness from 0 to 1".into()),
        }
    }

    fn grayscale(source: Image) -> Result<Image, String> {
        check(&source)?;
        Ok(to_gray(source))
    }

    fn detect_edges(source: Image) -> Result<Image, String> {
        check(&source)?;
        let gray = to_gray(source);
        let (width, height) = (gray.width as i64, gray.height as i64);
        let at = |x: i64, y: i64| {
            i32::from(gray.pixels[(y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize])
        };
        let mut pixels = Vec::with_capacity(gray.pixels.len());
        for y in 0..height {
            for x in 0..width {
                let across = at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1)
                    - at(x - 1, y - 1) - 2 * at(x - 1, y) - at(x - 1, y + 1);
                let down = at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1)
                    - at(x - 1, y - 1) - 2 * at(x, y - 1) - at(x + 1, y - 1);
                pixels.push(((across * across + down * down) as f32).sqrt().round().min(255.0) as u8);
            }
        }
        Ok(Image { pixels, ..gray })
    }
}

export!(Processor);
