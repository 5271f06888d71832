"""A clip through OpenCV and onnxruntime: the same model, the same gate, the same fence rules. Prints one JSON line per intrusion and a
last one with the CPU milliseconds of a picture, decoding included, loading not.

    python bench/eye.py CLIP FENCE.json nanodet-plus-m.onnx

Needs opencv-python-headless, onnxruntime and numpy."""

import json
import resource
import sys
import time

import cv2
import numpy as np
import onnxruntime

FPS, ACROSS, HEIGHT, WIDTH = 5, 640, 256, 416
SCORE, ENTER_HITS, LEAVE_S, RECHECK_S, IDLE_S = 0.4, 3, 1.5, 2.0, 10.0
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
STD = np.array([57.375, 57.12, 58.395], np.float32)

clip, fence, model = sys.argv[1:4]
with open(fence, encoding="utf-8") as file:
    told = json.load(file)
polygon = np.array(told["polygon_norm"] if "polygon_norm" in told else told["fences"][0]["polygon"], np.float32)

cv2.setNumThreads(1)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
asked_for = session.get_inputs()[0].name

grid = [(x * s, y * s, s) for s in (8, 16, 32, 64) for y in range(-(-HEIGHT // s)) for x in range(-(-WIDTH // s))]
grid = np.array(grid, np.float32)
bins = np.arange(8, dtype=np.float32)


def pictures():
    """Five a second, 640 across; what lies between is only decoded."""
    capture = cv2.VideoCapture(clip, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    rate, number, taken = capture.get(cv2.CAP_PROP_FPS), 0, 0
    while capture.grab():
        if number >= taken * rate / FPS - 0.5:
            picture = capture.retrieve()[1]
            high = round(picture.shape[0] * ACROSS / picture.shape[1] / 2) * 2
            yield taken / FPS, cv2.resize(picture, (ACROSS, high), interpolation=cv2.INTER_LINEAR)
            taken += 1
        number += 1


class Gate:
    """A running average that does not take over what differs."""

    def __init__(self):
        self.background = self.before = None

    def moving(self, picture):
        """Whether something differs and moves, whether something differs."""
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        grey = cv2.blur(cv2.resize(grey, (320, 320 * grey.shape[0] // grey.shape[1]), interpolation=cv2.INTER_AREA), (3, 3))
        now = grey.astype(np.float32)
        if self.background is None:
            self.background, self.before = now, now
            return True, False
        off = now - self.background
        off -= np.median(off[::3, ::3])
        differs = np.abs(off) > 18
        moved = np.abs(now - self.before) > 12
        cv2.accumulateWeighted(now, self.background, 0.05, (~differs).astype(np.uint8))
        self.before = now
        kind, _, blobs, _ = cv2.connectedComponentsWithStats(differs.astype(np.uint8))
        large = blobs[1:, cv2.CC_STAT_AREA] > 0.0015 * grey.size
        share = np.count_nonzero(moved & differs) / max(np.count_nonzero(differs), 1)
        return bool(large.any() and share > 0.04), bool(kind > 1 and large.any())


def people(picture):
    """Boxes of people in fractions of the picture."""
    high, wide = picture.shape[:2]
    scale = min(WIDTH / wide, HEIGHT / high)
    inner_wide, inner_high = round(wide * scale), round(high * scale)
    left, top = (WIDTH - inner_wide) // 2, (HEIGHT - inner_high) // 2
    full = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    full[top : top + inner_high, left : left + inner_wide] = cv2.resize(picture, (inner_wide, inner_high))
    given = ((full.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)[None]
    answer = session.run(None, {asked_for: np.ascontiguousarray(given)})[0][0]
    scores = answer[:, :80]
    best = scores.argmax(1)
    sure = np.flatnonzero((best == 0) & (scores[:, 0] >= SCORE))
    if not len(sure):
        return []
    parts = np.exp(answer[sure, 80:].reshape(-1, 4, 8))
    far = (parts * bins).sum(2) / parts.sum(2) * grid[sure, 2:]
    x, y = grid[sure, 0], grid[sure, 1]
    boxes = np.stack([x - far[:, 0], y - far[:, 1], x + far[:, 2], y + far[:, 3]], 1)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    kept = np.array(cv2.dnn.NMSBoxes(sized.tolist(), scores[sure, 0].tolist(), SCORE, 0.5)).reshape(-1)
    out = (boxes[kept] - [left, top, left, top]) / [inner_wide, inner_high, inner_wide, inner_high]
    return list(zip(np.clip(out, 0, 1), scores[sure, 0][kept]))


def inside(box):
    return cv2.pointPolygonTest(polygon, (float((box[0] + box[2]) / 2), float(box[3])), False) >= 0


def cpu():
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def run():
    gate, tracks, lines = Gate(), [], []
    frames = detected = 0
    asked = -IDLE_S
    at = 0.0
    for at, picture in pictures():
        frames += 1
        moving, differs = gate.moving(picture)
        due = moving or (at - asked >= RECHECK_S and (tracks or differs)) or at - asked >= IDLE_S
        due = due or any(t["lost"] for t in tracks)
        if due:
            detected += 1
            asked = at
            follow(tracks, people(picture), at)
        for t in tracks:
            if not t["lost"]:
                t["there"] = at
                t["inside"] = at if inside(t["box"]) else t["inside"]
            if t["entered"] and at - t["inside"] > LEAVE_S:
                lines.append((t["since"], t["inside"], t["best"]))
                t["entered"], t["hits"] = False, 0
        tracks[:] = [t for t in tracks if at - t["there"] <= 2.5]
    lines += [(t["since"], t["inside"], t["best"]) for t in tracks if t["entered"]]
    return lines, frames, detected


def follow(tracks, found, at):
    """The nearest within its reach joins; three hits inside one after the other are an entry."""
    for t in tracks:
        t["lost"] = True
    for box, score in found:
        middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
        near = [(np.hypot(*(middle - t["middle"])), i) for i, t in enumerate(tracks) if t["lost"]]
        reach = lambda t: 0.06 + min(3.0 * t["size"], 1.2) * min(at - t["hit"], 1.5)
        near = [(d, i) for d, i in near if d <= reach(tracks[i])]
        if near:
            t = tracks[min(near)[1]]
        else:
            t = {"hits": 0, "entered": False, "inside": -1e9, "best": 0.0, "since": at}
            tracks.append(t)
        t.update(box=box, middle=middle, size=max(box[2] - box[0], box[3] - box[1]), hit=at, lost=False, there=at)
        if inside(box):
            t["since"] = t["since"] if t["hits"] or t["entered"] else at
            t["hits"] += 1
            t["best"] = max(t["best"], float(score))
            t["entered"] = t["entered"] or t["hits"] >= ENTER_HITS
        elif not t["entered"]:
            t["hits"] = 0


before, begun = cpu(), time.perf_counter()
lines, frames, detected = run()
used, took = cpu() - before, time.perf_counter() - begun
for since, until, best in lines:
    said = {"kind": "intrusion", "label": "person", "enter_s": round(since, 2), "exit_s": round(until, 2), "score": round(best, 3)}
    print(json.dumps(said))
said = {
    "kind": "summary",
    "events": len(lines),
    "frames": frames,
    "detected": detected,
    "cpu_s": round(used, 3),
    "cpu_ms_per_frame": round(used * 1000 / frames, 3),
    "fps": round(frames / took, 3),
    "opencv": cv2.__version__,
    "onnxruntime": onnxruntime.__version__,
}
print(json.dumps(said))
