import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { get } from './api/client'
import type { Door } from './features/system/rights'
import { useSession } from './features/system/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Open to people who are not logged in. */
    public?: boolean
    /** A wall screen's: it brings its own token. */
    wall?: boolean
    right?: Door
    /** Message key of the page's name. */
    title?: string
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/login', component: () => import('./features/system/LoginPage.vue'), meta: { public: true, title: 'login.title' } },
  { path: '/wall', component: () => import('./features/system/WallPage.vue'), meta: { wall: true, title: 'wall.title' } },
  { path: '/password', component: () => import('./features/system/PasswordPage.vue'), meta: { title: 'password.title' } },
  { path: '/second-factor', component: () => import('./features/system/SecondFactorPage.vue'), meta: { title: 'second.title' } },
  {
    path: '/',
    component: () => import('./features/system/AppShell.vue'),
    children: [
      { path: '', component: () => import('./features/sense/MapPage.vue'), meta: { right: 'stations', title: 'nav.map' } },
      { path: 'me', component: () => import('./features/system/MePage.vue'), meta: { title: 'nav.me' } },
      { path: 'people', component: () => import('./features/system/PeoplePage.vue'), meta: { right: 'people', title: 'nav.people' } },
      { path: 'alarms', component: () => import('./features/act/AlarmsPage.vue'), meta: { right: 'alarms', title: 'nav.alarms' } },
      { path: 'stations/:code', component: () => import('./features/sense/StationPage.vue'), props: true, meta: { right: 'stations', title: 'nav.station' } },
      { path: 'water', component: () => import('./features/analyse/WaterPage.vue'), meta: { right: 'stations', title: 'nav.water' } },
      { path: 'air', component: () => import('./features/analyse/AirPage.vue'), meta: { right: 'stations', title: 'nav.air' } },
      { path: 'discharges', component: () => import('./features/analyse/DischargePage.vue'), meta: { right: 'stations', title: 'nav.discharge' } },
      { path: 'imports', component: () => import('./features/analyse/ImportPage.vue'), meta: { right: 'imports', title: 'nav.imports' } },
      { path: 'trace', component: () => import('./features/analyse/TracePage.vue'), meta: { right: 'stations', title: 'nav.trace' } },
      { path: 'forecasts', component: () => import('./features/analyse/ForecastPage.vue'), meta: { right: 'stations', title: 'nav.forecast' } },
      { path: 'reports', component: () => import('./features/report/ReportsPage.vue'), meta: { right: 'reports', title: 'nav.reports' } },
      { path: 'reports/:id', component: () => import('./features/report/ReportPage.vue'), props: true, meta: { right: 'reports', title: 'nav.reports' } },
      { path: 'rankings', component: () => import('./features/report/RankingPage.vue'), meta: { right: 'reports', title: 'nav.rankings' } },
      { path: 'review', component: () => import('./features/review/ReviewPage.vue'), meta: { right: 'review', title: 'nav.review' } },
      { path: 'review/clues', component: () => import('./features/review/CluesPage.vue'), meta: { right: 'review', title: 'review.clues' } },
      { path: 'cases', component: () => import('./features/act/CasesPage.vue'), meta: { right: 'cases', title: 'nav.cases' } },
      { path: 'cases/:id', component: () => import('./features/act/CasePage.vue'), props: true, meta: { right: 'cases', title: 'nav.cases' } },
      { path: 'eye', component: () => import('./features/eye/EyeWallPage.vue'), meta: { right: 'eye', title: 'eye.title' } },
      { path: 'eye/events', component: () => import('./features/eye/EventsPage.vue'), meta: { right: 'eye', title: 'eye.events' } },
      { path: 'eye/events/:id', component: () => import('./features/eye/EventPage.vue'), props: true, meta: { right: 'eye', title: 'eye.events' } },
      { path: 'eye/cameras', component: () => import('./features/eye/CamerasPage.vue'), meta: { right: 'eye', title: 'eye.page.cameras' } },
      { path: 'eye/visits', component: () => import('./features/eye/VisitsPage.vue'), meta: { right: 'eye', title: 'eye.page.visits' } },
      { path: 'eye/voice/:station', component: () => import('./features/eye/VoicePage.vue'), props: true, meta: { right: 'eye', title: 'eye.voiceTitle' } },
      { path: 'eye/report', component: () => import('./features/eye/ReportPage.vue'), meta: { right: 'eye', title: 'eye.page.report' } },
      { path: 'eye/cameras/:id/fence', component: () => import('./features/eye/FencePage.vue'), props: true, meta: { right: 'eye', title: 'eye.fenceEditor' } },
      { path: 'devices', component: () => import('./features/sense/DevicesPage.vue'), meta: { right: 'devices', title: 'nav.devices' } },
      { path: 'audit', component: () => import('./features/system/AuditPage.vue'), meta: { right: 'audit', title: 'nav.audit' } },
      { path: 'forbidden', component: () => import('./features/system/ForbiddenPage.vue'), meta: { title: 'state.forbidden' } },
      { path: ':rest(.*)*', component: () => import('./features/system/NotFoundPage.vue'), meta: { title: 'state.notFound' } },
    ],
  },
]

export const router = createRouter({ history: createWebHistory(), routes, scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 } })

// A new version of the program has pages of other names. When the server answers, the whole interface is loaded anew; when it
// does not, what is on the screen stays there.
router.onError(async (_error, to) => {
  const alive = await get('/api/v1/system/about')
  if (alive.kind === 'ok') location.assign(to.fullPath)
})

router.beforeEach(async (to) => {
  const session = useSession()
  if (!session.known) await session.load()
  // Without an answer from the server nobody can be judged; the application shows the problem instead of a page.
  if (!session.known) return true
  if (to.meta.wall) return true
  // a wall screen has one page
  if (session.me?.token === 'wall') return { path: '/wall', replace: true }
  if (to.meta.public) return session.person ? '/' : true
  if (!session.person) return { path: '/login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  if (session.me?.must_change_password && to.path !== '/password') return { path: '/password', replace: true }
  if (!session.me?.must_change_password && session.me?.must_enrol && to.path !== '/second-factor') return { path: '/second-factor', replace: true }
  // whoever has no map begins where they have something to do
  if (to.path === '/' && !session.can('stations')) return { path: session.can('audit') ? '/audit' : session.can('people') ? '/people' : '/me', replace: true }
  if (to.meta.right && !session.can(to.meta.right)) return { path: '/forbidden', replace: true }
  return true
})
