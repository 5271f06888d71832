// The pieces of ECharts that are used. A forgotten piece draws nothing and says nothing, so they stand in one place.
import { LineChart, ScatterChart } from 'echarts/charts'
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([LineChart, ScatterChart, GridComponent, TooltipComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, DataZoomComponent, AriaComponent, CanvasRenderer])

export { init }
export type { ECharts } from 'echarts/core'
export type { EChartsCoreOption } from 'echarts/core'
