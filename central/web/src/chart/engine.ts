/** The parts of ECharts that the pages use; fetched with the first chart, never with the first view. */

import { BarChart, HeatmapChart, LineChart } from "echarts/charts";
import {
  CalendarComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent,
} from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

echarts.use([
  BarChart, CalendarComponent, GridComponent, HeatmapChart, LegendComponent, LineChart, MarkAreaComponent, MarkLineComponent, SVGRenderer,
  TooltipComponent, VisualMapComponent,
]);

export { echarts };
