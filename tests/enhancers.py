"""What the tests of both hosts share about enhancement: small networks, and data for each."""

__all__ = ["NETS", "demo"]

# the network's small settings, and how its training set differs from windows of nearest frames
NETS = {
    "DCAD": (dict(type="FCA2DCADNet", mid_channels=4, num_layers=3), dict(num_frame=1)),
    "STDF": (
        dict(type="FCA2STDFNet", radius=1, mid_channels=4, fused_channels=4, qe_channels=4),
        dict(num_frame=3),
    ),
    "CF-STIF": (dict(type="FCA2CFSTIFNet", radius=1, mid_channels=4), dict(num_frame=3)),
    "TGAFNet": (dict(type="FCA2TGAFNet", num_sdcbs=1, mid_channels=4), {}),
    "MFQE": (
        dict(type="FCA2MFQENet", mid_channels=2, qe_channels=4),
        dict(num_frame=3, neighbors="peaks"),
    ),
    "MFQE 2.0": (
        dict(type="FCA2MFQE2Net", mid_channels=2, qe_channels=2),
        dict(num_frame=3, neighbors="peaks", frames="peaks"),
    ),
    "RFDA": (
        dict(
            type="FCA2RFDANet",
            radius=1,
            mid_channels=4,
            fused_channels=4,
            qe_channels=4,
            num_blocks=1,
        ),
        dict(num_frame=3, target="all"),
    ),
}


def demo(root: object) -> dict:
    """Arguments of ``build_mfqe_demo`` for videos of a second."""
    return dict(root=str(root), num_train=2, num_test=1, num_frames=4, size=(48, 48))
