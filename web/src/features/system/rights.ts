// What of the interface somebody sees. The server says which rights they hold and decides on every request; this only keeps away doors
// that do not open.

/** The rights of the server's table, any one of which opens a door. */
export const NEEDS = {
  stations: ['station.read'],
  review: ['review.read'],
  review_first: ['review.first'],
  review_second: ['review.second'],
  review_third: ['review.third'],
  alarms: ['alarm.read'],
  acknowledge: ['alarm.acknowledge'],
  open_case: ['case.open'],
  cases: ['case.read'],
  imports: ['import.read'],
  devices: ['device.read'],
  quarantine: ['quarantine.read'],
  register_device: ['device.add'],
  command: ['device.command'],
  eye: ['eye.read'],
  change_eye: ['eye.change'],
  draw_fence: ['eye.fence'],
  review_eye: ['eye.review'],
  unblur: ['eye.unblur'],
  ask_visit: ['visit.ask'],
  approve_visit: ['visit.approve'],
  speak: ['voice.speak'],
  reports: ['report.read'],
  make_report: ['report.make'],
  publish_report: ['report.publish'],
  arrange_reports: ['report.arrange'],
  people: ['account.read', 'post.read'],
  audit: ['audit.read'],
  accounts: ['account.change'],
  posts: ['post.change'],
  organisations: ['organisation.change'],
  delegate: ['delegation.change'],
  break_glass: ['glass.break'],
} satisfies Record<string, string[]>

export type Door = keyof typeof NEEDS
