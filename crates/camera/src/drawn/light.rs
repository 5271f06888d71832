//! Day and night. By night cameras see with infrared light: grey, darker, brightest in the middle; the hut's lamp burns.

use jiff::Timestamp;

use crate::picture::Picture;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Light {
    /// 0 night, 1 day.
    day: f32,
    /// 0..1, most at dawn and dusk.
    warm: f32,
}

impl Light {
    pub(super) const DAY: Self = Self { day: 1.0, warm: 0.0 };

    pub(super) fn at(now: Timestamp, utc_offset_min: i32) -> Self {
        let minute = (now.as_second() as f64 / 60.0 + f64::from(utc_offset_min)).rem_euclid(1440.0) as f32;
        let rise = ((minute - 330.0) / 80.0).clamp(0.0, 1.0);
        let set = ((1140.0 - minute) / 80.0).clamp(0.0, 1.0);
        let day = rise.min(set);
        Self { day, warm: 4.0 * day * (1.0 - day) }
    }

    pub(super) fn shine(self, picture: &mut Picture, lamp: (f32, f32)) {
        if self == Self::DAY {
            return;
        }
        let (w, h) = (picture.width as f32, picture.height as f32);
        let tint = [1.0 + 0.10 * self.warm, 1.0, 1.0 - 0.16 * self.warm];
        for (i, pixel) in picture.rgb.chunks_exact_mut(3).enumerate() {
            let (x, y) = ((i as u32 % picture.width) as f32 / w, (i as u32 / picture.width) as f32 / h);
            let grey = 0.3 * f32::from(pixel[0]) + 0.55 * f32::from(pixel[1]) + 0.15 * f32::from(pixel[2]);
            let (dx, dy) = (x - 0.48, y - 0.75);
            let ring = 0.9 / (1.0 + 2.4 * (dx * dx + dy * dy));
            let (lx, ly) = ((x - lamp.0) * 1.78, y - lamp.1);
            let glow = 0.5 / (1.0 + 90.0 * (lx * lx + ly * ly));
            let far = ((0.36 - y) / 0.20).clamp(0.0, 1.0);
            let night = grey * (ring + (0.10 - ring) * far) + 60.0 * glow * glow + 8.0;
            for c in 0..3 {
                let day = f32::from(pixel[c]) * tint[c] * (0.45 + 0.55 * self.day);
                pixel[c] = (night + (day - night) * self.day).clamp(0.0, 255.0) as u8;
            }
        }
    }
}
