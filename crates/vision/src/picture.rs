//! A picture: RGB, 8 bit, row-major, `width * height * 3` bytes; and the smaller forms of it that motion and detectors look at.

/// The largest width and height that is taken, in pixels.
pub const SIDE_MAX: u32 = 8192;

/// Why bytes are not a picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// A side is zero or above [`SIDE_MAX`].
    #[error("a picture of {width}x{height} pixels; each side must be 1 to {SIDE_MAX}")]
    Side {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Not three bytes a pixel.
    #[error("{got} bytes for a picture of {width}x{height}, which has {expected}")]
    Bytes {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// What the size asks for.
        expected: usize,
        /// What came.
        got: usize,
    },
}

impl PictureError {
    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Side { width, height } => format!("画面尺寸 {width}×{height} 超出范围（每边 1 至 {SIDE_MAX} 像素）"),
            Self::Bytes { width, height, expected, got } => {
                format!("画面 {width}×{height} 应有 {expected} 字节，实际 {got} 字节")
            }
        }
    }
}

/// One picture of a camera.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl Picture {
    /// Takes the bytes without copying them.
    ///
    /// # Errors
    /// When a side is out of bounds or the number of bytes does not fit the size.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, PictureError> {
        if !(1..=SIDE_MAX).contains(&width) || !(1..=SIDE_MAX).contains(&height) {
            return Err(PictureError::Side { width, height });
        }
        let expected = width as usize * height as usize * 3;
        if rgb.len() != expected {
            return Err(PictureError::Bytes { width, height, expected, got: rgb.len() });
        }
        Ok(Self { width, height, rgb })
    }

    /// Pixels from left to right.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes, row by row, red, green, blue.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The bytes back.
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }

    /// A grey picture of at most `width_max` pixels across (never larger than this one; less than 64 is taken for 64), each pixel
    /// the mean of what it covers.
    pub fn grey(&self, width_max: u32) -> Grey {
        let width = self.width.min(width_max.max(64));
        let height = (u64::from(self.height) * u64::from(width) / u64::from(self.width)).max(1) as u32;
        let (w, h) = (width as usize, height as usize);
        let columns: Vec<usize> = (0..=w).map(|x| x * self.width as usize / w).collect();
        let mut pixels = Vec::with_capacity(w * h);
        let stride = self.width as usize * 3;
        let mut sums = vec![0u16; stride];
        for y in 0..h {
            let rows = y * self.height as usize / h..(y + 1) * self.height as usize / h;
            sums.fill(0);
            for line in self.rgb[rows.start * stride..rows.end * stride].chunks_exact(stride) {
                // at most 129 rows of 255, so that even two of them fit
                sums.iter_mut().zip(line).for_each(|(sum, &byte)| *sum += u16::from(byte));
            }
            let share = 1.0 / (rows.len() as f32 * 256.0);
            if stride == 6 * w {
                // the usual case, twice as wide: without looking where each column begins
                let halves = sums.as_chunks::<6>().0.iter();
                pixels.extend(halves.map(|p| (luma([p[0] + p[3], p[1] + p[4], p[2] + p[5]]) * share / 2.0) as u8));
                continue;
            }
            for c in columns.windows(2) {
                let all: f32 = sums[c[0] * 3..c[1] * 3].as_chunks::<3>().0.iter().map(|&p| luma(p)).sum();
                pixels.push((all * share / (c[1] - c[0]) as f32) as u8);
            }
        }
        Grey { width, height, pixels }
    }

    /// A picture of the given size, each pixel the mean of what it covers; sizes above this one's are cut to it.
    pub fn smaller(&self, width: u32, height: u32) -> Self {
        let (w, h) = (width.clamp(1, self.width), height.clamp(1, self.height));
        let mut rgb = Vec::with_capacity(w as usize * h as usize * 3);
        let cut = |i: u32, of: u32, n: u32| (u64::from(i) * u64::from(of) / u64::from(n)) as usize;
        for y in 0..h {
            for x in 0..w {
                let mut sum = [0u32; 3];
                let (x0, x1) = (cut(x, self.width, w), cut(x + 1, self.width, w));
                let (y0, y1) = (cut(y, self.height, h), cut(y + 1, self.height, h));
                for row in y0..y1 {
                    let line = &self.rgb[(row * self.width as usize + x0) * 3..(row * self.width as usize + x1) * 3];
                    for p in line.as_chunks::<3>().0 {
                        for c in 0..3 {
                            sum[c] += u32::from(p[c]);
                        }
                    }
                }
                let n = ((x1 - x0) * (y1 - y0)).max(1) as u32;
                rgb.extend(sum.map(|s| (s / n) as u8));
            }
        }
        Self { width: w, height: h, rgb }
    }

    /// Puts the picture into the input of a detector without changing its shape: planes of blue, green, red or the other way
    /// round, `(value - mean) / std` for each, what is left over filled with `pad`. `into` is refilled, so that it can be used again.
    pub fn letterbox(&self, form: &Form, into: &mut Vec<f32>) -> Fit {
        let fit = Fit::new(self.width, self.height, form);
        // more than twice too large: means first, or pixels would be skipped
        let shrunk;
        let source = if self.width / fit.inner_width.max(1) >= 2 {
            shrunk = self.smaller(fit.inner_width, fit.inner_height);
            &shrunk
        } else {
            self
        };
        let (w, h) = (form.width as usize, form.height as usize);
        into.clear();
        for c in 0..3 {
            into.resize((c + 1) * w * h, (form.pad - form.mean[c]) / form.std[c]);
        }
        source.stretch(&fit, form, into);
        fit
    }

    /// Where [`letterbox`](Self::letterbox) puts the picture.
    pub fn fit(&self, form: &Form) -> Fit {
        Fit::new(self.width, self.height, form)
    }

    /// Bilinear, pixel centres on pixel centres.
    fn stretch(&self, fit: &Fit, form: &Form, into: &mut [f32]) {
        let (w, h) = (form.width as usize, form.height as usize);
        let across = taps(self.width, fit.inner_width);
        let down = taps(self.height, fit.inner_height);
        let stride = self.width as usize * 3;
        let channels = if form.bgr { [2, 1, 0] } else { [0, 1, 2] };
        let scale = form.std.map(|s| 1.0 / s);
        let mut mixed = vec![0f32; stride];
        for (y, &(y0, y1, fy)) in down.iter().enumerate() {
            let (upper, lower) = (&self.rgb[y0 * stride..][..stride], &self.rgb[y1 * stride..][..stride]);
            for ((m, &a), &b) in mixed.iter_mut().zip(upper).zip(lower) {
                *m = f32::from(a) + (f32::from(b) - f32::from(a)) * fy;
            }
            let start = (y + fit.top as usize) * w + fit.left as usize;
            for (plane, &channel) in channels.iter().enumerate() {
                let row = &mut into[plane * w * h + start..][..across.len()];
                let (mean, scale) = (form.mean[plane], scale[plane]);
                for (out, &(x0, x1, fx)) in row.iter_mut().zip(&across) {
                    let (a, b) = (mixed[x0 * 3 + channel], mixed[x1 * 3 + channel]);
                    *out = (a + (b - a) * fx - mean) * scale;
                }
            }
        }
    }
}

/// Brightness of a sum of pixels by BT.601, times 256.
fn luma(rgb: [u16; 3]) -> f32 {
    (77 * u32::from(rgb[0]) + 150 * u32::from(rgb[1]) + 29 * u32::from(rgb[2])) as f32
}

/// For each pixel of the target the two of the source and the share of the second.
fn taps(from: u32, to: u32) -> Vec<(usize, usize, f32)> {
    let ratio = from as f32 / to as f32;
    let last = from as usize - 1;
    let tap = |i: u32| {
        let at = ((i as f32 + 0.5) * ratio - 0.5).max(0.0);
        let first = (at as usize).min(last);
        (first, (first + 1).min(last), at - first as f32)
    };
    (0..to).map(tap).collect()
}

/// What a detector wants its input to look like.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Planes in the order blue, green, red.
    pub bgr: bool,
    /// Taken from each plane, in the order of the planes.
    pub mean: [f32; 3],
    /// Each plane is divided by it.
    pub std: [f32; 3],
    /// The value (0..255, before mean and std) of what the picture does not fill.
    pub pad: f32,
    /// The picture in the middle; otherwise at the top left.
    pub centred: bool,
}

/// Where a picture came to lie in a detector's input, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    left: u32,
    top: u32,
    inner_width: u32,
    inner_height: u32,
}

impl Fit {
    fn new(width: u32, height: u32, form: &Form) -> Self {
        let scale = (f64::from(form.width) / f64::from(width)).min(f64::from(form.height) / f64::from(height));
        let inner = |side: u32, most: u32| ((f64::from(side) * scale).round() as u32).clamp(1, most);
        let (inner_width, inner_height) = (inner(width, form.width), inner(height, form.height));
        let spare = |all: u32, used: u32| if form.centred { (all - used) / 2 } else { 0 };
        let (left, top) = (spare(form.width, inner_width), spare(form.height, inner_height));
        Self { left, top, inner_width, inner_height }
    }

    /// A box in pixels of the input as fractions of the picture, cut to it.
    pub fn back(&self, x0: f32, y0: f32, x1: f32, y1: f32) -> crate::Rect {
        let x = |v: f32| (v - self.left as f32) / self.inner_width as f32;
        let y = |v: f32| (v - self.top as f32) / self.inner_height as f32;
        crate::Rect::new(x(x0), y(y0), x(x1), y(y1)).clamped()
    }
}

/// A grey picture, one byte a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grey {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Row by row.
    pub pixels: Vec<u8>,
}

impl Grey {
    /// Each pixel the mean of the three by three around it; at the edge of those that are there.
    pub fn blurred(&self) -> Self {
        let (w, h) = (self.width as usize, self.height as usize);
        if w < 3 || h < 3 {
            return self.clone();
        }
        let mut rows = vec![0u16; w * h];
        for (out, line) in rows.chunks_exact_mut(w).zip(self.pixels.chunks_exact(w)) {
            for (o, p) in out[1..w - 1].iter_mut().zip(line.windows(3)) {
                *o = u16::from(p[0]) + u16::from(p[1]) + u16::from(p[2]);
            }
            out[0] = u16::from(line[0]) * 2 + u16::from(line[1]);
            out[w - 1] = u16::from(line[w - 1]) * 2 + u16::from(line[w - 2]);
        }
        let mut pixels = Vec::with_capacity(w * h);
        for y in 0..h {
            let row = |y: usize| &rows[y * w..][..w];
            let (above, below) = (row(y.saturating_sub(1)), row((y + 1).min(h - 1)));
            // a ninth, as 7282 / 65536
            let ninth = |sum: u16| ((u32::from(sum) * 7282) >> 16) as u8;
            pixels.extend(row(y).iter().zip(above).zip(below).map(|((r, a), b)| ninth(r + a + b)));
        }
        Self { width: self.width, height: self.height, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, colour: [u8; 3]) -> Picture {
        Picture::new(width, height, colour.repeat((width * height) as usize)).unwrap()
    }

    fn form(width: u32, height: u32) -> Form {
        Form { width, height, bgr: true, mean: [0.0; 3], std: [1.0; 3], pad: 114.0, centred: true }
    }

    #[test]
    fn bytes_must_fit_the_size() {
        assert!(matches!(Picture::new(0, 4, vec![]), Err(PictureError::Side { .. })));
        assert!(matches!(Picture::new(9000, 1, vec![0; 27000]), Err(PictureError::Side { .. })));
        assert_eq!(
            Picture::new(2, 2, vec![0; 11]),
            Err(PictureError::Bytes { width: 2, height: 2, expected: 12, got: 11 })
        );
    }

    #[test]
    fn grey_keeps_light_and_shape() {
        let g = plain(641, 361, [200, 200, 200]).grey(320);
        assert_eq!((g.width, g.height, g.pixels.len()), (320, 180, 320 * 180));
        assert!(g.pixels.iter().all(|&p| (198..=200).contains(&p)), "{:?}", &g.pixels[..4]);
        let b = g.blurred();
        assert!(b.pixels.iter().all(|&p| (197..=200).contains(&p)));
        let green = plain(4, 4, [0, 255, 0]).grey(320);
        assert!((148..=150).contains(&green.pixels[0]), "{}", green.pixels[0]);
    }

    #[test]
    fn smaller_is_the_mean() {
        let mut rgb = vec![0u8; 4 * 2 * 3];
        rgb[0] = 200;
        let p = Picture::new(4, 2, rgb).unwrap().smaller(2, 1);
        assert_eq!(p.rgb(), [50, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn there_and_back() {
        let mut input = Vec::new();
        let fit = plain(640, 360, [10, 20, 30]).letterbox(&form(416, 256), &mut input);
        assert_eq!(fit, Fit { left: 0, top: 11, inner_width: 416, inner_height: 234 });
        assert_eq!(input.len(), 3 * 416 * 256);
        assert_eq!((input[0], input[11 * 416], input[416 * 256 + 12 * 416]), (114.0, 30.0, 20.0));
        let r = fit.back(0.0, 11.0, 416.0, 245.0);
        assert_eq!(r, crate::Rect::new(0.0, 0.0, 1.0, 1.0));
        let upright = plain(100, 400, [1, 1, 1]).letterbox(&form(64, 64), &mut input);
        assert_eq!(upright, Fit { left: 24, top: 0, inner_width: 16, inner_height: 64 });
        assert_eq!(plain(1, 1, [9, 9, 9]).letterbox(&form(32, 32), &mut input).inner_width, 32);
    }
}
