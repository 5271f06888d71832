//! JPEG in and out, within bounds, and thin marks on a picture: the box of a visitor, the polygon of a fence. No text is drawn.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat, ImageReader, Limits};

use crate::Area;
use crate::picture::{Picture, PictureError, SIDE_MAX};

/// A decoded picture.
pub type Decoded = Picture;

const BYTES_MAX: usize = 64 << 20;

/// Writes a JPEG; `quality` is 1..=100, 85 is good for evidence.
pub fn encode(picture: &Picture, quality: u8) -> Result<Vec<u8>, PictureError> {
    let checked = picture.rgb.len() == picture.width as usize * picture.height as usize * 3;
    if !checked || picture.rgb.is_empty() {
        return Err(PictureError::Bytes { width: picture.width, height: picture.height, bytes: picture.rgb.len() });
    }
    let mut out = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut out, quality.clamp(1, 100));
    encoder
        .encode(&picture.rgb, picture.width, picture.height, ExtendedColorType::Rgb8)
        .map_err(|e| PictureError::Encode(e.to_string()))?;
    Ok(out)
}

/// Reads a JPEG of at most 8192 by 8192 pixels and 64 MiB; anything else is an error before memory is taken for it.
pub fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    let wrong = |e: image::ImageError| PictureError::Decode(e.to_string());
    if bytes.len() > BYTES_MAX {
        return Err(PictureError::Decode(format!("{} bytes", bytes.len())));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(u64::from(SIDE_MAX) * u64::from(SIDE_MAX) * 4);
    reader.limits(limits);
    let rgb = reader.decode().map_err(wrong)?.into_rgb8();
    Picture::new(rgb.width(), rgb.height(), rgb.into_raw())
}

/// Makes a picture at most `width` wide, by averaging; the height follows and is even.
pub fn shrink(picture: Picture, width: u32) -> Picture {
    if picture.width <= width || width == 0 {
        return picture;
    }
    let height = (u64::from(picture.height) * u64::from(width) / u64::from(picture.width)) as u32;
    let height = (height & !1).max(2);
    let bound = |i: u32, side: u32, to: u32| (u64::from(i) * u64::from(side) / u64::from(to)) as usize;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for y in 0..height {
        let (y0, y1) = (bound(y, picture.height, height), bound(y + 1, picture.height, height));
        for x in 0..width {
            let (x0, x1) = (bound(x, picture.width, width), bound(x + 1, picture.width, width));
            rgb.extend(mean(&picture, (x0, x1.max(x0 + 1)), (y0, y1.max(y0 + 1))));
        }
    }
    Picture { width, height, rgb }
}

/// The mean colour of the columns `xs` and rows `ys`, which lie inside of the picture.
pub(crate) fn mean(picture: &Picture, xs: (usize, usize), ys: (usize, usize)) -> [u8; 3] {
    let mut sum = [0u32; 3];
    for y in ys.0..ys.1 {
        let row = y * picture.width as usize * 3;
        for pixel in picture.rgb[row + xs.0 * 3..row + xs.1 * 3].chunks_exact(3) {
            (0..3).for_each(|c| sum[c] += u32::from(pixel[c]));
        }
    }
    let n = ((xs.1 - xs.0) * (ys.1 - ys.0)).max(1) as u32;
    sum.map(|s| (s / n) as u8)
}

/// Draws the outline of `area`, two pixels thick.
pub fn draw_box(picture: &mut Picture, area: Area, colour: [u8; 3]) {
    let (x, y) = (area.x, area.y);
    draw_polygon(picture, &[(x, y), (x + area.w, y), (x + area.w, y + area.h), (x, y + area.h)], colour);
}

/// Draws a closed polygon of points in fractions of width and height, two pixels thick. What lies outside of the picture is left out.
pub fn draw_polygon(picture: &mut Picture, points: &[(f32, f32)], colour: [u8; 3]) {
    for (i, from) in points.iter().enumerate() {
        draw_line(picture, *from, points[(i + 1) % points.len()], colour);
    }
}

fn draw_line(picture: &mut Picture, from: (f32, f32), to: (f32, f32), colour: [u8; 3]) {
    let place = |p: (f32, f32)| {
        let clamp = |v: f32| if v.is_finite() { v.clamp(-1.0, 2.0) } else { 0.0 };
        (clamp(p.0) * (picture.width - 1) as f32, clamp(p.1) * (picture.height - 1) as f32)
    };
    let ((x0, y0), (x1, y1)) = (place(from), place(to));
    let steps = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0) as u32;
    for i in 0..=steps {
        let f = i as f32 / steps as f32;
        let (x, y) = (x0 + (x1 - x0) * f, y0 + (y1 - y0) * f);
        for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let (x, y) = ((x + dx).round(), (y + dy).round());
            if x >= 0.0 && y >= 0.0 {
                picture.set(x as u32, y as u32, colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut p = Picture::filled(64, 48, [30, 90, 160]).unwrap();
        draw_box(&mut p, Area { x: 0.25, y: 0.25, w: 0.5, h: 0.5 }, [255, 0, 0]);
        let back = decode(&encode(&p, 90).unwrap()).unwrap();
        assert_eq!((back.width, back.height), (64, 48));
        let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 12);
        assert!(near(back.get(5, 40).unwrap(), [30, 90, 160]));
        assert!(back.get(16, 20).unwrap()[0] > 180);
    }

    #[test]
    fn bad_bytes_are_errors() {
        assert!(matches!(decode(b"GIF89a"), Err(PictureError::Decode(_))));
        assert!(
            decode(&[0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0xFF, 0xFF, 0xFF, 0xFF, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1])
                .is_err()
        );
        assert!(encode(&Picture { width: 2, height: 2, rgb: vec![0; 3] }, 80).is_err());
    }

    #[test]
    fn a_smaller_picture_is_the_mean() {
        let rgb = (0..8u8).flat_map(|i| [i * 10; 3]).collect();
        let p = shrink(Picture::new(4, 2, rgb).unwrap(), 2);
        assert_eq!((p.width, p.height), (2, 2));
        assert_eq!(p.get(0, 0), Some([5; 3]));
    }

    #[test]
    fn marks_outside_do_no_harm() {
        let mut p = Picture::filled(8, 8, [0; 3]).unwrap();
        draw_polygon(&mut p, &[(-9.0, f32::NAN), (9.0, 0.5), (0.5, f32::INFINITY)], [255; 3]);
        draw_polygon(&mut p, &[], [255; 3]);
    }
}
