// Short names for the shapes of the Eye in openapi.json. What stands there as a text or an object without a shape is narrowed here: the
// states, the fence file (docs/ref/fence.md) and the way to a loudspeaker. Times are RFC 3339 texts, places are fractions of the picture.
import type { components } from '@/api/schema'

type Schemas = components['schemas']
type With<T, N> = Omit<T, keyof N> & N

export type Place = [number, number]

export type GuardState = 'guarded' | 'intrusion' | 'blind' | 'off'
export type Guard = With<Schemas['GuardView'], { state: GuardState }>
export type GuardSpan = With<Schemas['GuardSpanView'], { state: GuardState }>
export type GuardHistory = With<Schemas['GuardsView'], { items: GuardSpan[] }>

export type CameraKind = 'rtsp' | 'mjpeg' | 'snapshot' | 'file' | 'drawn'
export type Camera = With<
  Schemas['CameraView'],
  {
    kind: CameraKind
    transport: 'tcp' | 'udp'
    guard: Guard
    recording: With<Schemas['RecordingView'], { state: 'recording' | 'stopped' | 'off' }>
  }
>
export type CameraIn = Schemas['CameraIn']
export type QuietPlace = Schemas['QuietView']

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
  left_behind: { still_s: number } | null
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
/** Label to score; a label that is not there has what the model's maker advises. */
export interface Thresholds {
  day: Record<string, number>
  night: Record<string, number>
}
export interface Plan {
  fences: Fence[]
  lines: Line[]
  masks: Place[][]
  thresholds: Thresholds
  /** When it is day, in minutes of the local day. */
  day: [number, number]
}
export type Fences = Schemas['FencesView']

export type EventKind = 'intrusion' | 'crossed' | 'left_behind' | 'visit'
export type EventState = 'open' | 'unreviewed' | 'reviewed'
export type Verdict = 'person' | 'maintenance' | 'animal' | 'false'
export type SuspicionState = 'standing' | 'lifted' | 'confirmed'
export type VoiceResult = 'sent' | 'acknowledged' | 'failed'
interface Narrowed {
  kind: EventKind
  state: EventState
  verdict?: Verdict | null
  suspicion?: SuspicionState | null
  voice?: VoiceResult | 'silent' | null
}
export type EyeEvent = With<Schemas['EyeEventView'], Narrowed>
export type EventPage = With<Schemas['EyeEventsView'], { items: EyeEvent[] }>
export type FileKind = 'entry' | 'best' | 'exit' | 'clip'
export type EventFile = With<Schemas['EyeFileView'], { kind: FileKind }>
export type Step = Schemas['EyeStepView']
export type Finding = Schemas['EyeFindingView']
export type EventDetail = With<Schemas['EyeEventDetail'], Narrowed & { files: EventFile[] }>
export type Suspicion = With<Schemas['EyeSuspicionView'], { state: SuspicionState }>

export type ReplayEvent = Schemas['ReplayEventView']
export type Replay = Schemas['ReplayView']

export type VisitState = 'asked' | 'approved' | 'refused' | 'cancelled'
export type Visit = With<Schemas['EyeVisitView'], { state: VisitState }>
export type VisitIn = Schemas['VisitIn']

export type DriverKind = 'none' | 'http' | 'rtp' | 'sip' | 'browser'
/** A way as it is shown: secrets are hidden in its address. */
export interface Driver {
  kind: DriverKind
  address: string
}
export type Played = With<Schemas['SpokenView'], { result: VoiceResult }>
export type Voice = With<Schemas['VoiceView'], { driver: Driver; languages: ('zh' | 'en')[]; quiet: [number, number][]; last: Played[] }>
export type VoiceIn = Schemas['VoiceIn']

export type ReportRow = Schemas['EyeReportRow']
export type MonthReport = Schemas['EyeReportView']

/** What the stream of changes says. */
export interface EyeSaid {
  /** Empty where it is about a whole station. */
  camera: string
  station: string
  event: string | null
  what: 'approached' | 'entered' | 'left' | 'filed' | 'guard' | 'voice' | 'play' | 'call' | 'reviewed'
  /** With `entered`: which kind of event has begun. A node of an older build does not say. */
  kind?: EventKind
}
