// What a role sees of the interface. The server decides on every request; this only keeps away doors that do not open.
import type { Role } from '@/api/types'

export type Right = 'acknowledge' | 'open_case' | 'cases' | 'devices' | 'register_device' | 'command'

const RIGHTS: Record<Right, Role[]> = {
  acknowledge: ['duty_officer'],
  open_case: ['duty_officer'],
  cases: ['duty_officer', 'department_officer'],
  devices: ['duty_officer', 'administrator'],
  register_device: ['administrator'],
  command: ['duty_officer', 'administrator'],
}

export function may(role: Role, right: Right): boolean {
  return RIGHTS[right].includes(role)
}
