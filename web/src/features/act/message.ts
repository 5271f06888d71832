// What an alarm says, with and without the name of its station.
import type { Alarm, Words } from '@/api/types'

type InWords = (w: Words | null | undefined) => string

/** The message where the station's name stands beside it already. */
export function shortMessage(alarm: Alarm, words: InWords): string {
  const [message, name] = [words(alarm.message), words(alarm.station_name)]
  return name !== '' && message.startsWith(name) ? message.slice(name.length).replace(/^[\s:：,，]+/, '') || message : message
}

/** The message as it stands alone. */
export function fullMessage(alarm: Alarm, words: InWords, colon: string): string {
  return `${words(alarm.station_name)}${colon}${shortMessage(alarm, words)}`
}
