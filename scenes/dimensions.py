"""The counter's fixed measures, in metres, in the room frame. The ledge's height belongs to each scene's style."""

DESK_Z = 0.74  # top of the desk
EDGE_Y = -0.20  # the desk's edge at the staff member
DESK_DEPTH = 0.56
LEDGE_Y = -0.83  # middle of the ledge towards the public
LEDGE_DEPTH = 0.30
SEAT_HALF_WIDTH = 0.48
SEAT_Y = (-0.15, 0.75)  # where a seated person is, front to back
SEAT_Z = (0.72, 1.60)
