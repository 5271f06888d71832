// The alarm sound: made here from two tones, so that nothing has to be fetched when it matters.
import { ref } from 'vue'
import { remember, remembered } from './remember'

/** Whether the person wants sound. */
export const soundOn = ref(remembered('sound') !== 'off')
/** How many times a sound has really been started; tests and the bell read it. */
export const sounded = ref(0)
/** Whether the browser still refuses sound, because nobody has touched the page. */
export const soundBlocked = ref(true)

const HIGH_HZ = 988
const LOW_HZ = 740
const TONE_S = 0.16
const PAIR_S = 0.55

let context: AudioContext | undefined

/** Browsers let a page sound only after a gesture; this is called from the first one. */
export async function unlockSound(): Promise<void> {
  try {
    context ??= new AudioContext()
    if (context.state !== 'running') await context.resume()
    soundBlocked.value = context.state !== 'running'
  } catch {
    // No sound device or no permission: the alarm is still shown, and the bell says that it is silent.
    soundBlocked.value = true
  }
}

export function switchSound(on: boolean): void {
  soundOn.value = on
  remember('sound', on ? 'on' : 'off')
  if (on) void unlockSound()
}

/** Sounds the two-tone signal `times` times in a row. */
export function soundAlarm(times: number): void {
  if (!soundOn.value) return
  if (!context || context.state !== 'running') {
    soundBlocked.value = true
    return
  }
  const begin = context.currentTime + 0.02
  for (let i = 0; i < times; i++) {
    tone(context, HIGH_HZ, begin + i * PAIR_S)
    tone(context, LOW_HZ, begin + i * PAIR_S + TONE_S)
  }
  sounded.value += 1
}

function tone(on: AudioContext, hz: number, at: number): void {
  const oscillator = on.createOscillator()
  const gain = on.createGain()
  oscillator.type = 'triangle'
  oscillator.frequency.value = hz
  // Ramps keep the loudspeaker from clicking.
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(0.35, at + 0.015)
  gain.gain.linearRampToValueAtTime(0, at + TONE_S)
  oscillator.connect(gain).connect(on.destination)
  oscillator.start(at)
  oscillator.stop(at + TONE_S)
}
