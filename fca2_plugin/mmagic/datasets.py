"""Clips whose windows fit the grouping, in MMagic's layout of frames on disk."""

from pathlib import Path

from mmagic.datasets import BasicFramesDataset
from mmengine.dist import barrier, is_main_process

from fca2_plugin.data.build import MANIFEST, build_clips
from fca2_plugin.data.footage import demo_clips
from fca2_plugin.data.windows import warn_of_waste
from fca2_plugin.mmagic.transforms import check_frames

__all__ = ["FCA2DemoDataset", "FCA2FramesDataset"]


class FCA2FramesDataset(BasicFramesDataset):
    """``BasicFramesDataset`` that knows groups of frames and says what is wrong with a folder.

    Args:
        *args: As in ``BasicFramesDataset``.
        n_subs: Channels in a group of the model.
        n_ovls: Channels shared by neighbouring groups.
        chunk_frames: Frames that the model encodes together; None for the whole window.
        **kwargs: As in ``BasicFramesDataset``. A training window that wastes frames warns.

    Raises:
        FileNotFoundError: A folder of ``data_prefix`` is missing.
        ValueError: A folder is empty, a clip is empty or shorter than the window, or (when the
            clip is first read) its frames differ in size.
    """

    # MMEngine takes strings of a config's ``metainfo`` for names of files to read; these it keeps.
    METAINFO = dict(dataset_type="fca2_frames", task_name="vsr")

    def __init__(
        self,
        *args,
        n_subs: int = 9,
        n_ovls: int = 3,
        chunk_frames: int | None = 7,
        **kwargs,
    ) -> None:
        window = kwargs.get("num_input_frames")
        if window is not None and not kwargs.get("test_mode"):
            warn_of_waste(window, n_subs, n_ovls, chunk_frames)
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        for key, folder in self.data_prefix.items():
            if not Path(folder).is_dir():
                raise FileNotFoundError(
                    f"the folder of {key!r} frames, {folder}, does not exist; set data_root and "
                    "data_prefix to where the clips are"
                )
        clips = super().load_data_list()
        if not clips:
            raise ValueError(
                f"{self.data_prefix[self.search_key]} holds no clips; expected one folder of "
                "numbered frames for each clip"
            )
        for clip in clips:
            length, window = clip["sequence_length"], clip["num_input_frames"]
            if length == 0:
                raise ValueError(f"clip {clip['key']} has 0 frames; fill its folder or remove it")
            if length is not None and window is not None and length < window:
                raise ValueError(
                    f"clip {clip['key']} has {length} frames, fewer than the window of {window}; "
                    "lower num_input_frames or remove the clip"
                )
        return clips

    def prepare_data(self, idx: int):
        """Check the clip's frames the first time, then run the pipeline."""
        info = self.get_data_info(idx)
        for prefix in ("img", "gt"):
            folder = Path(str(info.get(f"{prefix}_path"))) / info["key"]
            if folder.is_dir():
                check_frames(folder)
        return super().prepare_data(idx)


class FCA2DemoDataset(FCA2FramesDataset):
    """A small compressed data set that makes itself: camera motion over real photographs.

    A folder that ``build_clips`` has filled before, from demo clips or a video, is used as it is.

    Args:
        data_root: Where the clips are, or will be.
        num_train: Clips for training.
        num_test: Held-out clips, over other photographs.
        num_frames: Frames of a clip.
        size: Height and width of a ground-truth frame.
        **kwargs: As in ``FCA2FramesDataset``.
    """

    def __init__(
        self,
        data_root: str,
        num_train: int = 24,
        num_test: int = 3,
        num_frames: int = 14,
        size: tuple[int, int] = (192, 192),
        **kwargs,
    ) -> None:
        if is_main_process() and not (Path(data_root) / MANIFEST).is_file():
            build_clips(demo_clips(num_train, num_test, num_frames, tuple(size)), data_root)
        barrier()
        super().__init__(data_root=data_root, **kwargs)
