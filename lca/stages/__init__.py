"""Life-cycle stages: each module turns a `Case` into rows of activity data with one function, `rows(case)`.

The stages are alike and never import each other; the order here is the order of the reports.
"""

from lca.stages import electricity, end_of_life, facility, manufacturing, transport, water

ALL = {
    "manufacturing": manufacturing.rows,
    "transport": transport.rows,
    "electricity": electricity.rows,
    "facility": facility.rows,
    "water": water.rows,
    "end_of_life": end_of_life.rows,
}
