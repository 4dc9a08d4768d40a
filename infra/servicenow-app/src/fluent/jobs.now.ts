// One job a lane, so that four connections are used and none is waited for. A start in the past makes builds repeatable.

import { ScheduledScript } from '@servicenow/sdk/core'
import { clean } from '../server/clean'
import { drainFirstLane, drainFourthLane, drainSecondLane, drainThirdLane } from '../server/drain'
import { noteTest } from '../server/outbox'

ScheduledScript({
    $id: Now.ID['drain_first_lane'],
    name: 'Gridlink: send events, lane 1',
    frequency: 'periodically',
    executionStart: '2026-01-01 00:00:00',
    executionInterval: { seconds: 10 },
    script: drainFirstLane,
})
ScheduledScript({
    $id: Now.ID['drain_second_lane'],
    name: 'Gridlink: send events, lane 2',
    frequency: 'periodically',
    executionStart: '2026-01-01 00:00:02',
    executionInterval: { seconds: 10 },
    script: drainSecondLane,
})
ScheduledScript({
    $id: Now.ID['drain_third_lane'],
    name: 'Gridlink: send events, lane 3',
    frequency: 'periodically',
    executionStart: '2026-01-01 00:00:05',
    executionInterval: { seconds: 10 },
    script: drainThirdLane,
})
ScheduledScript({
    $id: Now.ID['drain_fourth_lane'],
    name: 'Gridlink: send events, lane 4',
    frequency: 'periodically',
    executionStart: '2026-01-01 00:00:07',
    executionInterval: { seconds: 10 },
    script: drainFourthLane,
})
ScheduledScript({
    $id: Now.ID['clean'],
    name: 'Gridlink: forget old events',
    frequency: 'daily',
    executionStart: '2026-01-01 00:00:00',
    executionTime: { hours: 3, minutes: 20, seconds: 0 },
    script: clean,
})
ScheduledScript({
    $id: Now.ID['test_connection'],
    name: 'Gridlink: test the connection',
    frequency: 'on_demand',
    executionStart: '2026-01-01 00:00:00',
    script: noteTest,
})
