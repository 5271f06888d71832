//! A plain picture.

use serde::{Deserialize, Serialize};

/// RGB, 8 bit, row-major. `rgb` holds exactly `width * height * 3` bytes; [`Picture::new`] sees to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The bytes.
    pub rgb: Vec<u8>,
}

/// The largest side of any picture here, in pixels.
pub const SIDE_MAX: u32 = 8192;

/// A picture that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// A side is zero or beyond [`SIDE_MAX`].
    #[error("picture of {width}x{height} pixels: each side must be 1..=8192")]
    Size {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The bytes are not `width * height * 3`.
    #[error("picture of {width}x{height} pixels has {bytes} bytes")]
    Bytes {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// How many bytes there are.
        bytes: usize,
    },
    /// No JPEG, or a damaged one.
    #[error("picture cannot be read: {0}")]
    Decode(String),
    /// The encoder refused.
    #[error("picture cannot be written: {0}")]
    Encode(String),
}

impl PictureError {
    /// The sentence for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Size { width, height } => format!("图片尺寸 {width}×{height} 超出范围（每边 1～8192 像素）"),
            Self::Bytes { width, height, bytes } => format!("图片数据长度 {bytes} 与尺寸 {width}×{height} 不符"),
            Self::Decode(_) => "图片无法读取".into(),
            Self::Encode(_) => "图片无法写出".into(),
        }
    }
}

impl Picture {
    /// A picture of bytes that are there already.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, PictureError> {
        check_size(width, height)?;
        if rgb.len() != width as usize * height as usize * 3 {
            return Err(PictureError::Bytes { width, height, bytes: rgb.len() });
        }
        Ok(Self { width, height, rgb })
    }

    /// A picture of one colour.
    pub fn filled(width: u32, height: u32, colour: [u8; 3]) -> Result<Self, PictureError> {
        check_size(width, height)?;
        let rgb = colour.repeat(width as usize * height as usize);
        Ok(Self { width, height, rgb })
    }

    /// The pixel at column `x`, row `y`; nothing outside of the picture.
    pub fn get(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        let i = self.index(x, y)?;
        Some([self.rgb[i], self.rgb[i + 1], self.rgb[i + 2]])
    }

    /// Sets the pixel at column `x`, row `y`; nothing happens outside of the picture.
    pub fn set(&mut self, x: u32, y: u32, colour: [u8; 3]) {
        if let Some(i) = self.index(x, y) {
            self.rgb[i..i + 3].copy_from_slice(&colour);
        }
    }

    fn index(&self, x: u32, y: u32) -> Option<usize> {
        (x < self.width && y < self.height).then(|| (y as usize * self.width as usize + x as usize) * 3)
    }
}

pub(crate) fn check_size(width: u32, height: u32) -> Result<(), PictureError> {
    let fits = |side| (1..=SIDE_MAX).contains(&side);
    if fits(width) && fits(height) { Ok(()) } else { Err(PictureError::Size { width, height }) }
}

/// A rectangle in fractions 0..1 of width and height, from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Area {
    /// The pixels `x0..x1`, `y0..y1` that it touches, cut at the picture's edges; nothing when none is left or a number is none.
    pub fn pixels(&self, width: u32, height: u32) -> Option<(u32, u32, u32, u32)> {
        if ![self.x, self.y, self.w, self.h].iter().all(|v| v.is_finite()) {
            return None;
        }
        let edge = |v: f32, side: u32, up: bool| {
            let v = v.clamp(0.0, 1.0) * side as f32;
            (if up { v.ceil() } else { v.floor() }) as u32
        };
        let (x0, x1) = (edge(self.x, width, false), edge(self.x + self.w, width, true));
        let (y0, y1) = (edge(self.y, height, false), edge(self.y + self.h, height, true));
        (x0 < x1 && y0 < y1).then_some((x0, x1.min(width), y0, y1.min(height)))
    }
}
