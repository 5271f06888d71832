// The shapes of the Eye's API, as its description gives them. Times are RFC 3339 texts, places are fractions of the picture, origin top left.
import type { Person, Words } from '@/api/types'

export type Place = [number, number]

export type GuardState = 'guarded' | 'intrusion' | 'blind' | 'off'
export interface Guard {
  state: GuardState
  reason: string | null
  reason_words: Words | null
  since: string
  blind_today_s: number
  intrusions_today: number
}

export type CameraKind = 'rtsp' | 'mjpeg' | 'snapshot' | 'file' | 'drawn'
export interface Model {
  family: string
  name: string
  sha256: string
  runtime: string
}
export interface Camera {
  id: string
  code: string
  name: Words
  station: string
  station_name: Words
  kind: CameraKind
  /** Credentials are hidden in it. */
  address: string
  detect_address: string | null
  transport: 'tcp' | 'udp'
  fps: number
  width: number
  enabled: boolean
  version: number
  guard: Guard
  live: {
    at: string | null
    fps: number
    lag_ms: number
    dropped: number
    codec: string | null
    picture: [number, number] | null
    clock_offset_ms: number | null
    restarts: number
  } | null
  recording: { state: 'recording' | 'stopped' | 'off'; reason: Words | null; from: string | null; bytes: number }
  /** None: only motion is seen, and what moves is an unclassified target. */
  model: Model | null
  fence_version: number | null
  precision: { reviewed: number; right: number }
}
export interface CameraIn {
  code: string
  station: string
  name_zh: string
  name_en: string
  kind: CameraKind
  address?: string
  detect_address?: string
  transport?: 'tcp' | 'udp'
  fps?: number
  width?: number
}
export interface CameraChange extends CameraIn {
  enabled: boolean
  base_version: number
  keep_address?: boolean
}

/** How a guard stood over a stretch of time. */
export interface GuardSpan {
  state: GuardState
  reason: string | null
  reason_words: Words | null
  since: string
  until: string | null
}
export interface GuardHistory {
  items: GuardSpan[]
  guarded_s: number
  intrusion_s: number
  blind_s: number
}
/** A place at which a reviewer has said that there is no person. */
export interface QuietPlace {
  n: number
  /** Left, top, right, bottom. */
  bbox: [number, number, number, number]
  label: string
  note: string
  made_by?: Person | null
  made_at?: string | null
  ended_at?: string | null
}

export type FenceKind = 'sampling_head' | 'house_door' | 'fence_line' | 'water_bank' | 'air_inlet'
export interface Fence {
  id: string
  name: string
  kind: FenceKind
  polygon: Place[]
  approach: Place[] | null
  labels: string[]
  hours: [number, number][]
  enter_hits: number
  dwell_s: number
  leave_s: number
  left_behind_s: number | null
}
export type Direction = 'left_to_right' | 'right_to_left' | 'both'
export interface Line {
  id: string
  name: string
  from: Place
  to: Place
  direction: Direction
  labels: string[]
}
export interface Thresholds {
  day: number
  night: number
  labels: Record<string, number>
}
export interface Plan {
  fences: Fence[]
  lines: Line[]
  masks: Place[][]
  thresholds: Thresholds
}
export interface PlanVersion {
  version: number
  made_by: Person | null
  made_at: string
  note: string
}
export interface Fences extends PlanVersion {
  plan: Plan
  versions: PlanVersion[]
}
export interface ReplayEvent {
  kind: EventKind
  label: string
  fence: string
  entered_at: string
  left_at: string | null
  score: number
}
export interface Replay {
  events: ReplayEvent[]
  tracks: number
  frames: number
  covered_s: number
  /** Events that are kept of that span. */
  also: number
}

export type EventKind = 'intrusion' | 'crossed' | 'left_behind' | 'visit'
export type EventState = 'open' | 'unreviewed' | 'reviewed'
export type Verdict = 'person' | 'maintenance' | 'animal' | 'false'
export type SuspicionState = 'standing' | 'lifted' | 'confirmed'
export type VoiceResult = 'sent' | 'acknowledged' | 'failed'
export interface EyeEvent {
  id: string
  number: string
  camera: string
  camera_name: Words
  station: string
  station_name: Words
  kind: EventKind
  label: string
  label_words: Words
  fence: string
  fence_name: string
  approached_at: string | null
  entered_at: string
  left_at: string | null
  seconds: number | null
  score: number
  state: EventState
  verdict: Verdict | null
  visit: string | null
  suspicion: SuspicionState | null
  voice: VoiceResult | 'silent' | null
  picture: boolean
  case: string | null
}
export interface EventPage {
  items: EyeEvent[]
  next?: string | null
  counts: { open: number; unreviewed: number }
}
export type FileKind = 'entry' | 'best' | 'exit' | 'clip'
export interface EventFile {
  name: string
  kind: FileKind
  bytes: number
  sha256: string
  sm3: string
  from: string | null
  to: string | null
}
export interface Step {
  seq: number
  what: string
  at: string
  by: Person | null
  words: Words
  digest: string
}
export interface EventPoint {
  id: number
  factor: string
  name: Words
  unit: string
}
export interface EventDetail extends EyeEvent {
  fence_version: number
  plan_digest: string
  thresholds: Record<string, unknown>
  model: Model | null
  clocks: { camera: string | null; server: string; offset_ms: number | null }
  steps: Step[]
  files: EventFile[]
  suspicion_span: { from: string; to: string; points: number; values: number } | null
  points: EventPoint[]
}
export interface Suspicion {
  event: string
  number: string
  station: string
  from: string
  to: string
  state: SuspicionState
  by: Person | null
  at: string | null
  reason: string | null
  picture: boolean
}

export type VisitState = 'asked' | 'approved' | 'refused' | 'cancelled'
export interface Visit {
  id: string
  station: string
  station_name: Words
  who: string
  unit: string
  phone_tail: string
  purpose: string
  from: string
  to: string
  state: VisitState
  asked_by: Person
  decided_by: Person | null
  decided_at: string | null
  note: string
  events: number
}
export interface VisitIn {
  station: string
  who: string
  unit: string
  phone?: string
  purpose: string
  from: string
  to: string
}

export type DriverKind = 'none' | 'http' | 'rtp' | 'sip' | 'browser'
export interface Driver {
  kind: DriverKind
  /** Secrets are hidden in it. */
  address: string
  [more: string]: unknown
}
export interface Played {
  at: string
  event: string | null
  result: VoiceResult
  detail: Words
  first_byte_ms: number | null
}
export interface VoicePlan {
  text_zh: string
  text_en: string
  languages: ('zh' | 'en')[]
  /** An operator's own recording is played instead of the spoken text. */
  file: boolean
  driver: Driver
  repeat: number
  gap_s: number
  cooldown_s: number
  quiet: [number, number][]
  escalate_after: number
}
export interface Voice extends VoicePlan {
  version: number
  last: Played[]
}

export interface ReportRow {
  station: string
  station_name: Words
  camera: string
  camera_name: Words
  intrusions: number
  visits: number
  without_approval: number
  false: number
  animals: number
  unreviewed: number
  blind_s: number
  guarded_s: number
  blind_share: number
  voice_sent: number
  voice_failed: number
  reviewed: number
  precision: number | null
  suspect_values: number
  lifted: number
  confirmed: number
}
export interface MonthReport {
  month: string
  rows: ReportRow[]
}
/** What the stream of changes says. */
export interface EyeSaid {
  camera: string
  station: string
  event?: string
  guard?: GuardState
  what: 'entered' | 'left' | 'approached' | 'guard' | 'reviewed' | 'voice'
}
